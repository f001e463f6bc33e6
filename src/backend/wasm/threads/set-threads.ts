import { checkArgument, refuseExtra, whole } from '../../../base/options';
import { backend } from '../../current';

/** More would find too little to do in any one operation. */
const most = 64;

/**
 * Let the current backend work on `count` threads (default: one for each core), and tell how many it got. Results have
 * the same bits for every number. Threads need shared memory: Node has it, a page when it is cross-origin isolated. Where
 * they are not to be had it is 1, and `backend().describe()` says why. Waiting threads sleep, and keep no process alive.
 * They belong to the backend: one that `setBackend` replaces keeps its own, asleep, until `setThreads(1)` on it.
 * @throws OptionError `options/range`
 * @example
 * console.log((await setThreads(2)) <= 2); // prints true
 * await setThreads(1); // and the worker is gone
 */
export async function setThreads(count: number = cores()): Promise<number> {
  if (arguments.length > 1) refuseExtra('setThreads', arguments, 1);
  checkArgument('setThreads', 'count', whole({ low: 1, high: most }), count);
  const current = backend();
  await current.setThreads?.(count);
  const { threads } = current.describe();
  return typeof threads === 'number' ? threads : 1;
}

interface Platform {
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly process?: { getBuiltinModule?(name: 'node:os'): { availableParallelism(): number } };
}

function cores(): number {
  const { navigator, process } = globalThis as Platform;
  const found = process?.getBuiltinModule?.('node:os').availableParallelism() ?? navigator?.hardwareConcurrency ?? 1;
  return Math.min(most, found);
}
