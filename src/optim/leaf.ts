import { StateError } from '../base/errors';
import { inMessage } from '../base/options';
import type { Params, Tensor } from '../tensor/tensor';

/** Whether a record has no leaf at all. */
export const isEmpty = (leaves: Params): boolean => Object.keys(leaves).length === 0;

/**
 * The leaf of a record that belongs to a path that must be there.
 * @throws StateError `params/unknown`, or `optimizer/state` where there is no record at all
 */
export function leafOf(where: string, record: Params, path: string): Tensor {
  if (typeof record !== 'object' || record === null) {
    throw new StateError({
      code: 'optimizer/state',
      got: `${where} got a state that has ${inMessage(record)} where it keeps the tensors of "${path}"`,
      expected: 'what init, or the update before, returned',
      fix: 'start with init(params), and hand the second value of update to the next one',
    });
  }
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
