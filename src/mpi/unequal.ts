import { ShapeError } from '../base/errors';
import type { Communicator } from './communicator';

/** Ranks that hand over different things, which MPI itself ends with its own words, or takes without any. */
export function unequal(got: string, expected: string, fix: string): ShapeError {
  return new ShapeError({ code: 'mpi/unequal', got, expected, fix });
}

/** @throws ShapeError `mpi/unequal` unless all ranks have the same number of bytes; to be called on all of them */
export function checkLengths(where: string, lengths: readonly number[]): void {
  const other = lengths.findIndex((length) => length !== lengths[0]);
  if (other < 0) return;
  throw unequal(
    `${where} got ${lengths[0]} bytes on rank 0 and ${lengths[other]} on rank ${other}`,
    'the same number on all ranks',
    'make the same calls with values of the same length on every rank',
  );
}

/** The ranks that have another number than rank 0; to be called on all of them. */
export function othersThan(comm: Communicator, own: number): number[] {
  const all = comm.gather(new Uint8Array(Uint32Array.of(own).buffer)).map(String);
  return all.flatMap((found, rank) => (found === all[0] ? [] : [rank]));
}
