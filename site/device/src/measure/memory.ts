import type { Outcome } from './outcome';

const page = 2 ** 16;
const step = 2 ** 28 / page;
/** What 32-bit addresses reach. */
const most = 2 ** 32 / page;

/** How far one WebAssembly memory may grow here, in GiB, in steps of a quarter. It is given back when the worker ends. */
export function memory(shared: boolean): Outcome {
  if (shared && !crossOriginIsolated) {
    return { kind: 'absent', reason: 'browsers give shared memory to isolated pages only' };
  }
  let made: WebAssembly.Memory;
  try {
    made = new WebAssembly.Memory({ initial: 1, maximum: most, shared });
  } catch (error) {
    return { kind: 'absent', reason: error instanceof Error ? error.message : String(error) };
  }
  for (let pages = step; pages <= most; pages += step) {
    try {
      made.grow(pages - made.buffer.byteLength / page);
    } catch {
      break;
    }
    // One number at its end: the address is real. The rest is left untouched, so that the device need not hold it.
    const last = new Uint8Array(made.buffer, made.buffer.byteLength - 1);
    last[0] = 1;
    if (last[0] !== 1) return { kind: 'wrong', reason: 'a byte that was written is not there' };
  }
  const gibibytes = made.buffer.byteLength / 2 ** 30;
  return { kind: 'measured', median: gibibytes, least: gibibytes, largest: gibibytes, samples: 1 };
}
