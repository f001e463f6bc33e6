import { ShapeError } from '../../base/errors';
import {
  choice,
  either,
  kindOf,
  number,
  optional,
  readOptionsOf,
  refuseExtra,
  type SpecificationOf,
} from '../../base/options';
import { type Shape, sameShape, show, sizeOf } from '../../base/shape';
import { zeros } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { axpby } from '../../tensor/ops/elementwise/axpby';
import { div } from '../../tensor/ops/elementwise/div';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { square } from '../../tensor/ops/elementwise/square';
import { reshape } from '../../tensor/ops/movement/reshape';
import { sum } from '../../tensor/ops/reductions/sum';
import type { Params, Tensor } from '../../tensor/tensor';
import { type Filter, filterKind, passes } from '../filter';
import { leafOf } from '../leaf';
import { observedAround } from '../observed-around';
import { type GradientTransform, mapParams, transform, transformKind } from '../transform';
import { type EmaState, ema } from './ema';

/** How the entries of a matrix are divided: its rows or columns by its shape, or pieces of this size. */
export type SubsetDivision = 'heuristic' | number;

export const subsetKind = either(
  choice('heuristic'),
  kindOf<number>('a whole number other than 0', (value) => Number.isSafeInteger(value) && value !== 0),
);

/** The state of `scaleBySubsetNorm`. */
export interface SubsetNormState<S> {
  /** State of the numerator. */
  readonly numerator: S;
  /** V: one number for each subset, [n, 1], [1, m] or [pieces, 1]; as the parameter itself where each entry stays alone. */
  readonly sums: Params;
}

/** What is divided by what. */
export interface ScaleBySubsetNormOptions<S = EmaState> {
  /** Decay of the moving sums, β2 (default 0.999); 1 adds up all squares, as AdaGrad does. */
  readonly beta2?: number | undefined;
  /** ε, added to the root (default 1e-6). */
  readonly epsilon?: number | undefined;
  /**
   * `heuristic` (default): the rows of a matrix that is tall or square, the columns of a wide one, so that there are
   * max(n, m) subsets. A number k > 0: pieces of k neighbours in row-major order. −k: pieces of the largest size that
   * divides n·m and is at most √(n·m)/k. 1 leaves each entry alone, which is Adam's second moment.
   */
  readonly subset?: SubsetDivision | undefined;
  /** What is divided, made of the gradient: any transform (default `ema({ decay: 0.9 })`); `identity` for no momentum. */
  readonly numerator?: GradientTransform<S> | undefined;
  /** Which parameters have subsets (default: matrices); in all others each entry stays alone. */
  readonly filter?: Filter | undefined;
}

const matrices: Filter = (_, { ndim }) => ndim === 2 || 'not a matrix';

const scaleBySubsetNormOptions = {
  beta2: optional(number({ low: 0, high: 1 }), 0.999),
  epsilon: optional(number({ low: 0 }), 1e-6),
  subset: optional(subsetKind, 'heuristic'),
  numerator: optional(transformKind),
  filter: optional(filterKind, matrices),
} satisfies SpecificationOf<ScaleBySubsetNormOptions>;

/**
 * Divide by the norms of subsets of the gradient: one number of second moment serves a whole subset s, with
 * V_s ← β2·V_s + (1 − β2)·Σ_{i∈s} g_i² and u_i = numerator_i/(√V_s + ε). It is a sum and no mean, so the division is
 * larger by the root of a subset's size than Adam's, and learning rates are about ten times as large.
 * @throws ShapeError `optimizer/subset` where a size does not divide a parameter
 * @see "Subset-Norm and Subspace-Momentum", arXiv 2411.07120.
 * @example
 * const part = scaleBySubsetNorm({ subset: 'heuristic', numerator: identity });
 * console.log(stateBytes(part.init({ w: zeros([100, 30]) }))); // prints 400
 */
export function scaleBySubsetNorm<S = EmaState>(
  options: ScaleBySubsetNormOptions<S> = {},
): GradientTransform<SubsetNormState<S>> {
  if (arguments.length > 1) refuseExtra('scaleBySubsetNorm', arguments, 1);
  const read = readOptionsOf<ScaleBySubsetNormOptions<S>, typeof scaleBySubsetNormOptions>(
    'scaleBySubsetNorm',
    scaleBySubsetNormOptions,
    options,
  );
  const { beta2, epsilon, subset, filter } = read;
  const numerator = read.numerator ?? (ema({ decay: 0.9 }) as GradientTransform<unknown> as GradientTransform<S>);
  const name = 'scaleBySubsetNorm';
  return transform<SubsetNormState<S>>({
    name,
    leafwise: numerator.leafwise === true,
    explain: (params) => numerator.explain?.(params) ?? [],
    ...observedAround([numerator], ([seen = numerator]) => scaleBySubsetNorm({ ...read, numerator: seen })),
    init: (params) => ({
      numerator: numerator.init(params),
      sums: mapParams(params, (x, path) => {
        const divided = passes(filter, path, x) && x.size > 0;
        return zeros(divided ? sumsShape(x.shape, subset, path) : x.shape);
      }),
    }),
    update(grads, state, params) {
      const sums = mapParams(grads, (g, path) => {
        const old = leafOf(name, state.sums, path);
        return axpby(beta2, old, beta2 === 1 ? 1 : 1 - beta2, sumOfSquares(g, old.shape));
      });
      const after = { ...state.sums, ...sums };
      const [updates, next] = numerator.update(grads, state.numerator, params);
      const divided = mapParams(updates, (u, path) => {
        const root = add(sqrt(leafOf(name, after, path)), epsilon);
        return reshape(div(inSubsets(u, root.shape), root), u.shape); // u_i/(√V_s + ε)
      });
      return [divided, { numerator: next, sums: after }];
    },
  });
}

/** The shape of V for a parameter that has subsets. */
function sumsShape(shape: Shape, subset: SubsetDivision, path: string): Shape {
  if (subset === 'heuristic') {
    const [n = 1, m = 1] = shape;
    return n >= m ? [n, 1] : [1, m];
  }
  const size = sizeOf(shape);
  const piece = subset > 0 ? subset : largestDivisor(size, Math.floor(Math.sqrt(size) / -subset));
  if (size % piece === 0) return [size / piece, 1];
  throw new ShapeError({
    code: 'optimizer/subset',
    got: `scaleBySubsetNorm got subsets of ${piece} entries for "${path}" ${show(shape)}`,
    expected: `a divisor of its ${size} entries`,
    fix: "pass a size that divides all parameters, −k for about √(n·m)/k, 'heuristic', or a filter",
  });
}

/** The largest divisor of `size` that is at most `most`, at least 1. */
function largestDivisor(size: number, most: number): number {
  for (let piece = most; piece > 1; piece--) if (size % piece === 0) return piece;
  return 1;
}

/** A matrix with a subset in each row, or in each column where V is a row; anything else as it is. */
function inSubsets(x: Tensor, sums: Shape): Tensor {
  const [subsets = 1, columns] = sums;
  return sameShape(x.shape, sums) || columns !== 1 ? x : reshape(x, [subsets, x.size / subsets]);
}

/** Σ_{i∈s} g_i², in the shape of V. */
function sumOfSquares(g: Tensor, sums: Shape): Tensor {
  if (sameShape(g.shape, sums)) return square(g);
  return sum(square(inSubsets(g, sums)), { axis: sums[1] === 1 ? 1 : 0, keepDims: true });
}
