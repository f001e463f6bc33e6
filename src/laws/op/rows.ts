import { boolean, checkArgument, type OptionsOf, optional, readOptions, refuseExtra, string } from '../../base/options';
import type { Shape } from '../../base/shape';
import type { ReduceOptions } from '../../tensor/ops/reductions/reduce';
import type { Tensor } from '../../tensor/tensor';
import { inputOf, opKind } from '../kinds';
import { type Input, opCase, real } from './case';
import type { OpRow } from './laws';
import { broadcastShapesOf, reductions, shapesOf } from './shapes';

function checkNamed(where: string, name: string, of: unknown): void {
  checkArgument(where, 'name', string, name);
  checkArgument(where, 'of', opKind, of);
}

/** A row for a function of one tensor of any shape. `input` says what it may hold; see `case.ts`. */
export function elementwise(name: string, of: (x: Tensor) => Tensor, input: (shape: Shape) => Input = real): OpRow {
  if (arguments.length > 3) refuseExtra('elementwise', arguments, 3);
  checkNamed('elementwise', name, of);
  checkArgument('elementwise', 'input', inputOf, input);
  return { name, cases: (extent) => shapesOf(extent).map((shape) => opCase([input(shape)], (x) => of(x))) };
}

/** A row for a function of two tensors that broadcast; `left` and `right` say what they may hold. */
export function broadcasting(
  name: string,
  of: (a: Tensor, b: Tensor) => Tensor,
  left: (shape: Shape) => Input = real,
  right: (shape: Shape) => Input = left,
): OpRow {
  if (arguments.length > 4) refuseExtra('broadcasting', arguments, 4);
  checkNamed('broadcasting', name, of);
  checkArgument('broadcasting', 'left', inputOf, left);
  checkArgument('broadcasting', 'right', inputOf, right);
  return {
    name,
    cases: (extent) =>
      broadcastShapesOf(extent).map(([a, b]) => opCase([left(a as Shape), right(b as Shape)], (x, y) => of(x, y))),
  };
}

const reducingOptions = {
  /** What the tensor may hold (default `real`). */
  input: optional(inputOf, real as (shape: Shape) => Input),
  /** The reduction refuses shapes without elements (default false). */
  needsElements: optional(boolean, false),
};

/** What a reduction may be given. */
export interface ReducingOptions extends OptionsOf<typeof reducingOptions> {}

/** A row for a reduction over all axes, one or several. */
export function reducing(
  name: string,
  of: (x: Tensor, options: ReduceOptions) => Tensor,
  options: ReducingOptions = {},
): OpRow {
  if (arguments.length > 3) refuseExtra('reducing', arguments, 3);
  checkNamed('reducing', name, of);
  const { input, needsElements } = readOptions('reducing', reducingOptions, options, 'name, of');
  return {
    name,
    needsElements,
    cases: (extent) =>
      reductions(extent).map(({ shape, options }) => opCase([input(shape)], (x) => of(x, options), options)),
  };
}
