import { callable, checkArgument, either, type Kind, kindOf, whole } from '../base/options';
import type { Shape } from '../base/shape';
import { sumSquares } from '../tensor/ops/reductions/sum-squares';
import type { Tensor } from '../tensor/tensor';

/** What a rule may know of a parameter beside its path and the step. */
export interface LeafStatistics {
  /** The parameter's shape. */
  readonly shape: Shape;
  /** Draws of its projection after the first. */
  readonly refreshes: number;
  /**
   * ‖down(G)‖²/‖G‖² for the gradient of this step and the projection in use: the share of it that orthonormal rows keep.
   * NaN without a gradient, as in `init`, and for one of zeros. It reads values, and throws where a backend cannot at once.
   */
  kept(): number;
}

/**
 * A number for one parameter and one step, counted from 0. It must follow from its arguments alone, so that a run that
 * was saved goes on as it would have.
 */
export type LeafRule = (path: string, step: number, statistics: LeafStatistics) => number;

const rank = whole({ low: 1 });
const interval = either(
  whole({ low: 1 }),
  kindOf<number>('Infinity for never', (value) => value === Infinity),
);
const rule = callable<LeafRule>('of a path, a step and statistics');

/** Rows of a projection: one number for all parameters, or a rule. */
export const rankKind: Kind<number | LeafRule> = either(rank, rule);
/** Steps between new projections: one number for all parameters, or a rule. */
export const intervalKind: Kind<number | LeafRule> = either(interval, rule);

/** What a number or a rule says of one parameter. @throws OptionError `options/range` for an answer that is no such number */
type Reading = (given: number | LeafRule, path: string, step: number, statistics: LeafStatistics) => number;
export const rankOf: Reading = readingOf('the rank', rank);
export const intervalOf: Reading = readingOf('refreshEvery', interval);

/* @__NO_SIDE_EFFECTS__ */
function readingOf(option: string, kind: Kind<number>): Reading {
  return (given, path, step, statistics) => {
    if (typeof given === 'number') return given;
    const answer = given(path, step, statistics);
    checkArgument('compress', `${option} for "${path}"`, kind, answer);
    return answer;
  };
}

/** The statistics of a parameter that has no gradient yet. */
export function unseen(shape: Shape): LeafStatistics {
  return { shape, refreshes: 0, kept: () => NaN };
}

/** ‖C‖²/‖G‖² */
export function keptShare(gradient: Tensor, compressed: Tensor): number {
  const [whole, kept] = [gradient, compressed].map((x) => sumSquares(x).dataSync()[0] as number) as [number, number];
  return kept / whole;
}
