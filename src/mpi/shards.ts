import { OptionError } from '../base/errors';
import { checkArgument, kindOf, listOf, refuseExtra, whole } from '../base/options';
import { type Communicator, communicatorKind } from './communicator';

/**
 * The shards of a step that this rank computes: of `shards` in all a run of neighbours, as `allReduce` sums them.
 * @throws OptionError `mpi/shards`
 */
export function ownShards(comm: Communicator, shards: number): number[] {
  if (arguments.length > 2) refuseExtra('ownShards', arguments, 2);
  checkArgument('ownShards', 'comm', communicatorKind, comm);
  checkArgument('ownShards', 'shards', whole({ low: 1 }), shards);
  const own = shards / comm.size;
  if (!Number.isInteger(own)) throw unfitShards(shards, comm);
  return Array.from({ length: own }, (_, i) => comm.rank * own + i);
}

/** @throws OptionError `mpi/shards` unless there is a shard a rank, or a tree over them that the ranks share */
export function checkShards(shards: number, { size, order }: Pick<Communicator, 'size' | 'order'>): void {
  const powerOfTwo = Number.isInteger(Math.log2(shards));
  if (shards === size || (order === 'tree' && powerOfTwo && Number.isInteger(shards / size))) return;
  throw unfitShards(shards, { size, order });
}

function unfitShards(shards: number, { size, order }: Pick<Communicator, 'size' | 'order'>): OptionError {
  return new OptionError({
    code: 'mpi/shards',
    got: `${shards} shards with ${size} ranks and the order '${order}'`,
    expected: "a shard a rank, or with the order 'tree' a power of two that the number of ranks divides",
    fix: `take ${2 ** Math.ceil(Math.log2(Math.max(size, 2)))} shards, and ranks that are a power of two`,
  });
}

/** NaN too: a loss that one rank alone has is for all to see. */
const anyNumber = kindOf<number>('a number', (value) => typeof value === 'number');

/**
 * Numbers of all ranks in the order of ranks, which may have different amounts of them: losses of an evaluation whose
 * batches the ranks have shared.
 */
export function gatherNumbers(comm: Communicator, own: readonly number[]): number[] {
  if (arguments.length > 2) refuseExtra('gatherNumbers', arguments, 2);
  checkArgument('gatherNumbers', 'comm', communicatorKind, comm);
  checkArgument('gatherNumbers', 'own', listOf(anyNumber), own);
  const counts = comm.gather(new Uint8Array(Uint32Array.of(own.length).buffer));
  const lengths = counts.map((bytes) => new Uint32Array(bytes.buffer)[0] as number);
  const padded = new Float64Array(Math.max(...lengths));
  padded.set(own);
  const all = comm.gather(new Uint8Array(padded.buffer));
  return all.flatMap((bytes, rank) => Array.from(new Float64Array(bytes.buffer).subarray(0, lengths[rank])));
}
