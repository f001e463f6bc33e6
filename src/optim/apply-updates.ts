import { ShapeError, StateError } from '../base/errors';
import { refuseExtra } from '../base/options';
import { sameShape, show } from '../base/shape';
import { assign, type Write } from '../tensor/assign';
import { noGrad } from '../tensor/derivatives/no-grad';
import { add } from '../tensor/ops/elementwise/add';
import type { Params, Tensor } from '../tensor/tensor';
import { checkLeaf, checkRecord } from './transform';

/**
 * parameter ← parameter + update, for every path in `updates`: the only function that writes to parameters. One after the
 * other, so that one sum lives at a time; a path without a parameter is refused before the first of them.
 * @throws StateError `params/unknown` for an update without a parameter
 * @throws ShapeError `optimizer/shapes` for an update of another shape than its parameter
 */
export function applyUpdates(params: Params, updates: Params): void {
  if (arguments.length > 2) refuseExtra('applyUpdates', arguments, 2);
  checkRecord('applyUpdates', 'params', params);
  checkRecord('applyUpdates', 'updates', updates);
  for (const [path, update] of Object.entries(updates)) checkUpdate(parameterAt(params, path), update, path);
  noGrad(() => {
    for (const [path, update] of Object.entries(updates)) {
      const parameter = parameterAt(params, path);
      assign(parameter, add(parameter, update));
    }
  });
}

/** What `applyUpdates` would assign, for a caller that assigns all or nothing. A tensor of two paths gets both updates. */
export function sumsOf(params: Params, updates: Params): Write[] {
  const sums = new Map<Tensor, Tensor>();
  for (const [path, update] of Object.entries(updates)) {
    const parameter = parameterAt(params, path);
    sums.set(parameter, add(sums.get(parameter) ?? parameter, update));
  }
  return [...sums];
}

function checkUpdate(parameter: Tensor, update: Tensor, path: string): void {
  checkLeaf('applyUpdates', 'updates', path, update);
  if (sameShape(parameter.shape, update.shape)) return;
  throw new ShapeError({
    code: 'optimizer/shapes',
    got: `applyUpdates got an update ${show(update.shape)} for "${path}" ${show(parameter.shape)}`,
    expected: 'the shape of the parameter',
    fix: 'return updates of the shapes of the gradients',
  });
}

function parameterAt(params: Params, path: string): Tensor {
  const parameter = Object.hasOwn(params, path) ? params[path] : undefined;
  if (parameter) {
    checkLeaf('applyUpdates', 'params', path, parameter);
    return parameter;
  }
  throw new StateError({
    code: 'params/unknown',
    got: `applyUpdates got an update for "${path}"`,
    expected: `one of ${Object.keys(params).slice(0, 5).join(', ')}, …`,
    fix: 'pass the same record of parameters that the gradients were taken of',
  });
}
