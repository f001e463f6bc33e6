import { StateError } from '../base/errors';
import { assign } from '../tensor/assign';
import { noGrad } from '../tensor/no-grad';
import { add } from '../tensor/ops/add';
import type { Params } from '../tensor/tensor';

/**
 * parameter ← parameter + update, for every path in `updates`: the only function that writes to parameters.
 * @throws StateError `params/unknown` for an update without a parameter
 */
export function applyUpdates(params: Params, updates: Params): void {
  noGrad(() => {
    for (const [path, update] of Object.entries(updates)) {
      const parameter = Object.hasOwn(params, path) ? params[path] : undefined;
      if (!parameter) {
        throw new StateError({
          code: 'params/unknown',
          got: `applyUpdates got an update for "${path}"`,
          expected: `one of ${Object.keys(params).slice(0, 5).join(', ')}, …`,
          fix: 'pass the same record of parameters that the gradients were taken of',
        });
      }
      assign(parameter, add(parameter, update));
    }
  });
}
