import { callable, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { zeros } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { div } from '../../tensor/ops/elementwise/div';
import { mul } from '../../tensor/ops/elementwise/mul';
import { rsqrt } from '../../tensor/ops/elementwise/rsqrt';
import { square } from '../../tensor/ops/elementwise/square';
import { unsqueeze } from '../../tensor/ops/movement/reshape';
import { mean, sum } from '../../tensor/ops/reductions/sum';
import type { Params, Tensor } from '../../tensor/tensor';
import { divide } from '../combinators/divide';
import { leafOf } from '../leaf';
import { stepLeaves } from '../step-leaves';
import { type GradientTransform, mapParams, transform } from '../transform';
import { movingMean, zerosLike } from './moving-mean';

/** The state of `scaleByFactoredRms`. */
export interface FactoredRmsState {
  /** Updates so far, t. */
  readonly step: number;
  /** R, moving mean of the squares of each row, [n] for a weight [n, m]. */
  readonly row: Params;
  /** C, moving mean of the squares of each column, [m]. */
  readonly column: Params;
  /** V, moving mean of all squares, for parameters that are not factored. */
  readonly full: Params;
}

export const scaleByFactoredRmsOptions = {
  /** p in β2_t = 1 − t^−p (default 0.8). */
  decayExponent: optional(number({ low: 0 }), 0.8),
  /** ε1, added to each square (default 1e-30). */
  epsilon: optional(number({ low: 0 }), 1e-30),
  /** Which matrices keep row and column means in place of all squares (default: each); other tensors never do. */
  factored: optional(callable<(path: string, tensor: Tensor) => boolean>('of a path and a tensor'), () => true),
};

/** Decay of the second moment, and where it is factored. */
export interface ScaleByFactoredRmsOptions extends OptionsOf<typeof scaleByFactoredRmsOptions> {}

/**
 * Adafactor's second moment: divide by the root of a moving mean of squares that is kept as the product of its row and
 * column means. With Q = G² + ε1 and β2_t = 1 − t^−p: R ← β2_t·R + (1 − β2_t)·mean_j Q, C likewise over i, and
 * U = G/√V̂ where V̂ = R·Cᵀ/mean(R). At t = 1, β2 is 0, so nothing needs a bias correction.
 * Shapes: G [n, m] costs n + m numbers of state.
 * @see Shazeer and Stern, "Adafactor", arXiv 1804.04235, Algorithms 4 and 5.
 */
export function scaleByFactoredRms(options: ScaleByFactoredRmsOptions = {}): GradientTransform<FactoredRmsState> {
  if (arguments.length > 1) refuseExtra('scaleByFactoredRms', arguments, 1);
  const { decayExponent, epsilon, factored } = readOptions('scaleByFactoredRms', scaleByFactoredRmsOptions, options);
  const isFactored = (path: string, x: Tensor): boolean => x.ndim === 2 && factored(path, x);
  const name = 'scaleByFactoredRms';

  return transform<FactoredRmsState>({
    name,
    leafwise: true,
    init(params) {
      const [matrices, others] = divide(params, isFactored);
      return {
        step: 0,
        row: mapParams(matrices, ({ shape: [n = 0] }) => zeros([n])),
        column: mapParams(matrices, ({ shape: [, m = 0] }) => zeros([m])),
        full: zerosLike(others),
      };
    },
    update(grads, state) {
      const step = state.step + 1;
      const beta2 = 1 - step ** -decayExponent;
      const [matrices, others] = divide(grads, (path) => Object.hasOwn(state.row, path));
      const means = meanSquares(name, matrices, epsilon);
      const row = movingMean(name, beta2, state.row, means.row); // R ← β2·R + (1 − β2)·mean_j Q
      const column = movingMean(name, beta2, state.column, means.column); // C ← β2·C + (1 − β2)·mean_i Q
      const full = movingMean(name, beta2, state.full, others, (g) => add(square(g), epsilon));
      const divided = {
        ...divideByFactors(name, matrices, row, column),
        ...mapParams(others, (g, path) => mul(g, rsqrt(leafOf(name, full, path)))),
      };
      const updates = Object.fromEntries(Object.keys(grads).map((path) => [path, leafOf(name, divided, path)]));
      const after = { row: { ...state.row, ...row }, column: { ...state.column, ...column } };
      return [updates, { step, ...after, full: { ...state.full, ...full } }];
    },
  });
}

/**
 * Means of Q = G² + ε1 over the columns and over the rows, as mean(G²) + ε1; the mean of nothing is 0.
 * Shapes: G [n, m] → row [n], column [m].
 */
function meanSquares(where: string, matrices: Params, epsilon: number): { row: Params; column: Params } {
  const sums = stepLeaves(
    where,
    { g: matrices },
    {
      results: ['row', 'column'],
      shapes: ([n = 0, m = 0]) => ({ row: [n], column: [m] }),
      formula: ({ g }) => ({ row: sum(square(g), { axis: 1 }), column: sum(square(g), { axis: 0 }) }),
      accelerator: 'squareSums',
      kernel: (on, leaves) => on.squareSums(leaves),
    },
  );
  const mean = (x: Tensor, count: number): Tensor => add(mul(x, 1 / Math.max(1, count)), epsilon);
  const sizeOf = (path: string, axis: 0 | 1): number => leafOf(where, matrices, path).shape[axis] as number;
  return {
    row: mapParams(sums.row, (x, path) => mean(x, sizeOf(path, 1))),
    column: mapParams(sums.column, (x, path) => mean(x, sizeOf(path, 0))),
  };
}

/** U = G·(R/mean R)^−½·C^−½. Shapes: G [n, m], row [n], column [m] → [n, m]. */
function divideByFactors(where: string, matrices: Params, row: Params, column: Params): Params {
  const factors = {
    row: mapParams(row, (r) => rsqrt(div(r, mean(r)))),
    column: mapParams(column, (c) => rsqrt(c)),
  };
  const { update } = stepLeaves(
    where,
    { g: matrices, ...factors },
    {
      results: ['update'],
      shapes: (shape) => ({ update: shape }),
      formula: ({ g, row, column }) => ({ update: mul(mul(g, unsqueeze(row, 1)), column) }),
      accelerator: 'scaleRowsColumns',
      kernel: (on, leaves) => on.scaleRowsColumns(leaves),
    },
  );
  return update;
}
