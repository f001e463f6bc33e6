import { StateError } from '../base/errors';
import type { Params, Tensor } from '../tensor/tensor';

/**
 * The leaf of a record that belongs to a path that must be there.
 * @throws StateError `params/unknown`
 */
export function leafOf(where: string, record: Params, path: string): Tensor {
  // A path may be 'constructor': what a record inherits is no leaf.
  const leaf = Object.hasOwn(record, path) ? record[path] : undefined;
  if (leaf) return leaf;
  throw new StateError({
    code: 'params/unknown',
    got: `${where} got a gradient for "${path}"`,
    expected: `one of ${Object.keys(record).slice(0, 5).join(', ') || 'no parameters at all'}, …`,
    fix: 'call init again with the parameters that the gradients are taken of',
  });
}
