import { fold, key } from '../../base/key';
import type { Projector } from '../../compress/projector';
import { mul } from '../../tensor/ops/elementwise/mul';
import { random } from '../../tensor/ops/random/random';
import type { Tensor } from '../../tensor/tensor';
import type { Verdict } from '../report';

/** What a check of a projector runs on. */
export interface ProjectorCase {
  /** Shape of the gradient. */
  readonly shape: readonly [n: number, m: number];
  /** Rank of the projection. */
  readonly rank: number;
  /** Everything random in the check follows from it. */
  readonly seed: number;
}

/** A check that needs no statistics: it holds for every draw, up to rounding. */
export type Identity = (projector: Projector, given: ProjectorCase) => Promise<Verdict>;

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

/** A verdict on this case; the message says the rank, which a shape does not. */
export function verdictOn(
  check: string,
  { shape, rank, seed }: ProjectorCase,
  found: { statistic: number; threshold: number; message: string; draws?: number; passed?: boolean },
): Verdict {
  const { statistic, threshold, draws = 0, passed = statistic <= threshold, message } = found;
  return { check, passed, statistic, threshold, draws, seed, shape, message: `${message} (rank ${rank})` };
}
