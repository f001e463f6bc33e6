import { OptionError } from '../base/errors';
import { Module } from '../nn/module';
import { assignAll, type Write } from '../tensor/assign';
import { noGrad } from '../tensor/derivatives/no-grad';
import { reshape } from '../tensor/ops/movement/reshape';
import { runInScope } from '../tensor/scope';
import type { Params, Tensor } from '../tensor/tensor';

/** What is trained, a model with its buffers or bare tensors, by path. */
export function valuesOf(holder: Module | Params): Params {
  return holder instanceof Module ? holder.state() : holder;
}

/** Give them other values, all or none. @throws OptionError `fit/resume`; StateError `load/…`; ShapeError `assign/shape` */
export function loadValues(holder: Module | Params, values: Params): void {
  if (holder instanceof Module) holder.load(values);
  else {
    const missing = Object.keys(holder).find((path) => !Object.hasOwn(values, path));
    if (missing !== undefined) throw noValues(missing);
    assignValues(Object.entries(holder).map(([path, tensor]) => [tensor, values[path] as Tensor]));
  }
}

/** Give tensors the values that others have now, all or none, so that two may change places. */
export function assignValues(pairs: readonly Write[]): void {
  noGrad(() => runInScope('fit', () => assignAll(pairs.map(([to, from]) => [to, reshape(from, from.shape)] as const))));
}

function noValues(path: string): OptionError {
  return new OptionError({
    code: 'fit/resume',
    got: `fit got no values for "${path}"`,
    expected: 'values for all params',
    fix: 'resume with the params that the checkpoint was made of',
  });
}
