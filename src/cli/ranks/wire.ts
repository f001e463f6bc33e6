import {
  chain,
  compress,
  type Filter,
  type GradientTransform,
  matrixFilter,
  OptionError,
  type Params,
  projectors,
  random,
} from '../../index';
import { allReduce, powerSgd } from '../../mpi';
import type { Sharing } from './sharing';

/** What `--wire` chooses from. */
export const wires = ['dense', 'flora', 'powersgd'] as const;
export type Wire = (typeof wires)[number];

/** Rows of embeddings and of the head belong to tokens, most of which a batch does not touch: they go as they are. */
function blockWeights({ wire, wireRank: rank }: Pick<Sharing, 'wire' | 'wireRank'>): Filter {
  const matrices = matrixFilter({ rank });
  return (path, tensor) => {
    if (!path.startsWith('blocks.')) return 'rows are tokens or positions';
    const verdict = matrices(path, tensor);
    if (verdict !== true) return verdict;
    const [n, m] = tensor.shape as [number, number];
    const sent = rank * (wire === 'flora' ? Math.min(n, m) : n + m);
    return sent < n * m || `no smaller with rank ${rank}`;
  };
}

/**
 * Refuse a wire that compresses nothing of what is trained.
 * @param whose what is trained, as a sentence has it
 * @throws OptionError `cli/wire`
 */
export function checkWire(parameters: Params, sharing: Sharing | null, whose: string): void {
  if (sharing === null || sharing.wire === 'dense') return;
  const { wire, wireRank } = sharing;
  const compresses = (rank: number): boolean => {
    const filter = blockWeights({ wire, wireRank: rank });
    return Object.entries(parameters).some(([path, tensor]) => filter(path, tensor) === true);
  };
  if (compresses(wireRank)) return;
  let lower = wireRank;
  while (lower > 0 && !compresses(lower)) lower = Math.floor(lower / 2);
  throw new OptionError({
    code: 'cli/wire',
    got: `--wire ${wire} with --wire-rank ${wireRank} for ${whose}, of which it makes nothing smaller`,
    expected: `a matrix in the blocks that is smaller when it is compressed${lower > 0 ? '' : ', and at no rank is one'}`,
    fix: `${lower > 0 ? `try --wire-rank ${lower}, or ` : ''}leave --wire out`,
  });
}

/**
 * An optimizer behind the mean gradient of all shards. `flora` is Algorithm 1 of the paper over shards in place of steps: a
 * new projection in every step, so that what one of them loses the next ones see. Parameters of which no block has a matrix
 * above the rank, such as small adapters, go whole with either wire.
 */
export function overWire<S>(
  optimizer: GradientTransform<S>,
  sharing: Sharing,
  seed: number,
): GradientTransform<unknown> {
  const { comm, shards, wire, wireRank: rank } = sharing;
  if (wire === 'dense') return chain(allReduce(comm, { shards }), optimizer);
  // An optimizer that projects as well draws its own projections from the seed itself.
  const own = random.fold(random.key(seed), 'wire')[0];
  const filter = blockWeights(sharing);
  if (wire === 'powersgd') return chain(powerSgd(comm, { rank, seed: own, filter }), optimizer);
  const inner = allReduce(comm, { shards });
  const projector = projectors.gaussian;
  return chain(compress({ projector, rank, inner, refreshEvery: 1, onRefresh: 'keep', filter, seed: own }), optimizer);
}
