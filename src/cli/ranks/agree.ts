import { StateError } from '../../index';
import { crc32 } from '../../io/crc32';
import type { Communicator } from '../../mpi';
import { othersThan } from '../../mpi/unequal';

/**
 * Make sure that all ranks have the same of something that each found for itself: a command line, a text, a checkpoint.
 * @param what as a sentence begins with it
 * @throws StateError `cli/ranks-differ` on every rank
 */
export function agree(comm: Communicator | null, what: string, value: string): void {
  if (comm === null) return;
  const others = othersThan(comm, crc32(new TextEncoder().encode(value)));
  if (others.length === 0) return;
  throw new StateError({
    code: 'cli/ranks-differ',
    got: `${what} of rank ${others.join(', ')} is not that of rank 0`,
    expected: 'the same on all ranks, which train as one',
    fix: 'start all of them with one command line, in a folder that all machines share',
  });
}
