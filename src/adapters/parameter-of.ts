import { StateError } from '../base/errors';
import type { Params, Tensor } from '../tensor/tensor';

/**
 * The parameter of an adapter, or its gradient, that the transform of a method needs.
 * @throws StateError `adapter/params`
 */
export function parameterOf(where: string, record: Params, path: string, what = 'parameter'): Tensor {
  const found = Object.hasOwn(record, path) ? record[path] : undefined;
  if (found) return found;
  throw new StateError({
    code: 'adapter/params',
    got: `the transform of ${where} got no ${what} "${path}"`,
    expected: 'all parameters of the model that its adapters hang in, and the gradients of those that are trained',
    fix: 'give the trainer { model }, not { params }; by hand, call update(grads, state, model.parameters())',
  });
}
