import { optional } from '../base/options';
import { reshape } from '../tensor/ops/movement/reshape';
import type { Tensor } from '../tensor/tensor';
import { partition } from './combinators/partition';
import { type Filter, filterKind, passes } from './filter';
import { stateless } from './stateless';
import { type GradientTransform, transformKind } from './transform';

/** What every optimizer of matrices takes that leaves the other parameters to another one. */
export const matricesOptions = {
  /** Which parameters are its matrices (default: those with two axes and more than one row and column). */
  filter: optional<Filter>(filterKind, (_, { shape }) => twoLongAxes(shape) || 'not a matrix of rows and columns'),
  /** What the other parameters get, learning rate and sign included. */
  otherwise: optional<GradientTransform<unknown>>(transformKind),
};

function twoLongAxes(shape: readonly number[]): boolean {
  return shape.length === 2 && shape.every((extent) => extent > 1);
}

/** The states of the two parts: that of the matrices, and that of the other parameters. */
export type MatricesState<S> = {
  /** The state of the transform of matrices. */
  readonly matrices: S;
  /** The state of what all else gets. */
  readonly others: unknown;
};

/** One transform for the matrices of a filter, another one for all else. */
export function forMatrices<S>(
  filter: Filter,
  matrices: GradientTransform<S>,
  others: GradientTransform<unknown>,
): GradientTransform<MatricesState<S>> {
  return partition<MatricesState<S>>({ matrices, others }, (path, tensor) =>
    passes(filter, path, tensor) ? 'matrices' : 'others',
  );
}

/** A transform of one matrix at a time that keeps nothing; a kernel [out, ...rest] counts as the matrix [out, rest]. */
export function ofMatrices(name: string, f: (g: Tensor) => Tensor): GradientTransform<readonly []> {
  return stateless(name, (g) => onMatrix(g, f));
}

/** f of [out, ...rest] as a matrix, in the shape of g again; what has fewer axes is passed on, for f to refuse. */
function onMatrix(g: Tensor, f: (matrix: Tensor) => Tensor): Tensor {
  if (g.ndim <= 2) return f(g);
  const out = g.shape[0] as number;
  return reshape(f(reshape(g, [out, g.size / Math.max(out, 1)])), g.shape);
}
