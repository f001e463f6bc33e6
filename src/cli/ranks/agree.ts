import { StateError } from '../../index';
import { crc32 } from '../../io/crc32';
import type { Communicator } from '../../mpi';

/**
 * Make sure that all ranks have the same of something that each found for itself: a command line, a text, a checkpoint.
 * @param what as a sentence begins with it
 * @throws StateError `cli/ranks-differ` on every rank
 */
export function agree(comm: Communicator | null, what: string, value: string): void {
  if (comm === null) return;
  const own = Uint32Array.of(crc32(new TextEncoder().encode(value)));
  const all = comm.gather(new Uint8Array(own.buffer)).map(String);
  const others = all.flatMap((found, rank) => (found === all[0] ? [] : [rank]));
  if (others.length === 0) return;
  throw new StateError({
    code: 'cli/ranks-differ',
    got: `${what} of rank ${others.join(', ')} is not that of rank 0`,
    expected: 'the same on all ranks, which train as one',
    fix: 'start all of them with one command line, in a folder that all machines share',
  });
}
