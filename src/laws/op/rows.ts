import type { Shape } from '../../base/shape';
import type { ReduceOptions } from '../../tensor/ops/reduce';
import type { Tensor } from '../../tensor/tensor';
import type { OpRow } from '../op-laws';
import { type Input, opCase, real } from './case';
import { broadcastShapesOf, reductions, shapesOf } from './shapes';

/** A row for a function of one tensor of any shape. `input` says what it may hold; see `case.ts`. */
export function elementwise(name: string, of: (x: Tensor) => Tensor, input: (shape: Shape) => Input = real): OpRow {
  return { name, cases: (extent) => shapesOf(extent).map((shape) => opCase([input(shape)], (x) => of(x))) };
}

/** A row for a function of two tensors that broadcast; `left` and `right` say what they may hold. */
export function broadcasting(
  name: string,
  of: (a: Tensor, b: Tensor) => Tensor,
  left: (shape: Shape) => Input = real,
  right: (shape: Shape) => Input = left,
): OpRow {
  return {
    name,
    cases: (extent) =>
      broadcastShapesOf(extent).map(([a, b]) => opCase([left(a as Shape), right(b as Shape)], (x, y) => of(x, y))),
  };
}

/** A row for a reduction over all axes, one or several. */
export function reducing(
  name: string,
  of: (x: Tensor, options: ReduceOptions) => Tensor,
  { input = real, needsElements = false }: { input?: (shape: Shape) => Input; needsElements?: boolean } = {},
): OpRow {
  return {
    name,
    needsElements,
    cases: (extent) =>
      reductions(extent).map(({ shape, options }) => opCase([input(shape)], (x) => of(x, options), options)),
  };
}
