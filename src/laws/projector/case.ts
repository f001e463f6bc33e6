import { fold, key } from '../../base/key';
import type { Projector } from '../../compress/projector';
import { mul } from '../../tensor/ops/elementwise/mul';
import { random } from '../../tensor/ops/random/random';
import type { Tensor } from '../../tensor/tensor';
import type { LawOf } from '../finding';

/** What a law of projectors is tried on. */
export interface ProjectorCase {
  /** Shape of the gradient. */
  readonly shape: readonly [n: number, m: number];
  /** Rank of the projection. */
  readonly rank: number;
  /** Everything random on the way follows from it. */
  readonly seed: number;
}

/** A law of projectors. */
export type ProjectorLaw = LawOf<Projector, ProjectorCase>;

/**
 * A random gradient whose rows and columns differ in size by up to a factor of 3, so that a projector which mixes them up
 * shows; no entry is small beside its row and column, so that each is worth a test. Shape [n, m].
 */
export function sampleGradient({ shape, seed }: ProjectorCase, purpose: string): Tensor {
  const from = fold(key(seed), purpose);
  const [n, m] = shape;
  const size = (name: string, extents: readonly number[]): Tensor =>
    random.uniform(fold(from, name), extents).mul(1.2).sub(0.6).exp(); // from 0.55 to 1.8
  const entries = mul(random.rademacher(fold(from, 'signs'), shape), size('entries', shape));
  return mul(mul(entries, size('rows', [n, 1])), size('columns', [1, m]));
}
