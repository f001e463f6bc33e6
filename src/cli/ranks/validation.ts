import type { Tensor } from '../../index';
import { gatherNumbers } from '../../mpi';
import { validate } from '../../training';
import { lossesOver } from '../../training/validate';
import type { Sharing } from './sharing';

/** `validate` with its batches shared by the ranks, and the bits of one process: losses are added up in the order of batches. */
export async function sharedValidation<Batch>(
  loss: (batch: Batch) => Tensor,
  batches: Iterable<Batch>,
  sharing: Sharing | null,
): Promise<number> {
  if (sharing === null) return validate(loss, batches);
  const { comm } = sharing;
  const own = await lossesOver(loss, everyNth(batches, comm.rank, comm.size));
  const losses = interleaved(gatherNumbers(comm, own), comm.size);
  return losses.reduce((sum, x) => sum + x, 0) / losses.length;
}

/** The batches of one rank: its first is the one of its number, and between them the others have one each. */
export function* everyNth<T>(all: Iterable<T>, first: number, step: number): Generator<T> {
  let at = 0;
  for (const one of all) if (at++ % step === first) yield one;
}

/** What `size` ranks had of a list, rank after rank, in the order of that list. */
export function interleaved<T>(byRank: readonly T[], size: number): T[] {
  const counts = Array.from({ length: size }, (_, rank) => Math.ceil((byRank.length - rank) / size));
  const starts = counts.map((_, rank) => counts.slice(0, rank).reduce((sum, count) => sum + count, 0));
  return byRank.map((_, i) => byRank[(starts[i % size] as number) + Math.floor(i / size)] as T);
}
