import { finite, type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import { checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { greater } from './compare';
import { expm1 } from './expm1';
import { mul } from './mul';
import { where } from './where';

const eluOptions = {
  /** The limit far below zero is −alpha (default 1). */
  alpha: optional(finite, 1),
};

/** Where an ELU saturates. */
export interface EluOptions extends OptionsOf<typeof eluOptions> {}

/**
 * x where x > 0 and alpha·(eˣ − 1) elsewhere; the derivative at 0 is alpha.
 * @throws OptionError `options/range`, `options/unknown`
 * @see Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units",
 * arXiv 1511.07289.
 * @example
 * console.log(await elu(tensor([3, 0, -100])).array()); // prints [ 3, 0, -1 ]
 */
export function elu(x: Tensor, options: EluOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra('elu', arguments, 2);
  checkFloat('elu', x);
  const { alpha } = readOptions('elu', eluOptions, options, 'x');
  const positive = greater(x, 0);
  // Where x is positive the other branch computes with 0: e to a large x would make NaN of its cotangent 0.
  return where(positive, x, mul(alpha, expm1(where(positive, 0, x))));
}
