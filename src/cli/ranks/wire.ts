import {
  chain,
  compress,
  type Filter,
  type GradientTransform,
  matrixFilter,
  type Params,
  projectors,
  random,
} from '../../index';
import { allReduce, powerSgd } from '../../mpi';
import { passes } from '../../optim/filter';
import type { Sharing } from './sharing';

/** What `--wire` chooses from. */
export const wires = ['dense', 'flora', 'powersgd'] as const;
export type Wire = (typeof wires)[number];

/** Rows of embeddings and of the head belong to tokens, most of which a batch does not touch: they go as they are. */
function blockWeights(rank: number): Filter {
  const matrices = matrixFilter({ rank });
  return (path, tensor) => (path.startsWith('blocks.') ? matrices(path, tensor) : 'rows are tokens or positions');
}

/**
 * An optimizer behind the mean gradient of all shards. `flora` is Algorithm 1 of the paper over shards in place of steps: a
 * new projection in every step, so that what one of them loses the next ones see. Parameters of which no block has a matrix
 * above the rank, such as small adapters, go whole with either wire.
 */
export function overWire<S>(
  optimizer: GradientTransform<S>,
  { comm, shards, wire, wireRank: rank }: Sharing,
  seed: number,
  parameters: Params,
): GradientTransform<unknown> {
  if (wire === 'dense') return chain(allReduce(comm, { shards }), optimizer);
  // An optimizer that projects as well draws its own projections from the seed itself.
  const own = random.fold(random.key(seed), 'wire')[0];
  const filter = blockWeights(rank);
  if (wire === 'powersgd') return chain(powerSgd(comm, { rank, seed: own, filter }), optimizer);
  const inner = allReduce(comm, { shards });
  if (!Object.entries(parameters).some((entry) => passes(filter, ...entry))) return chain(inner, optimizer);
  const projector = projectors.gaussian;
  return chain(compress({ projector, rank, inner, refreshEvery: 1, onRefresh: 'keep', filter, seed: own }), optimizer);
}
