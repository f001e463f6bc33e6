import { refuseExtra } from '../../../base/options';
import { apply, type Composite, checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { abs } from './abs';
import { add } from './add';
import { exp } from './exp';
import { log1p } from './log1p';
import { maximum } from './maximum';
import { mul } from './mul';
import { neg } from './neg';
import { sigmoid } from './sigmoid';

const op: Composite<[x: Tensor]> = {
  name: 'softplus',
  // max(x, 0) + log(1 + e^−|x|): what is exponentiated is never positive
  forward: ([x]) => add(maximum(x, 0), log1p(exp(neg(abs(x))))),
  // The parts have a kink at 0, which would cost the second derivative there.
  vjp: (g, [x]) => [() => mul(g, sigmoid(x))],
};

/**
 * log(1 + eˣ), elementwise, without overflow: 0 far below zero, x far above.
 * @example
 * console.log(await softplus(tensor([-200, 200])).array()); // prints [ 0, 200 ]
 */
export function softplus(x: Tensor): Tensor {
  if (arguments.length > 1) refuseExtra('softplus', arguments, 1);
  checkFloat('softplus', x);
  return apply(op, [x], undefined, x.shape);
}
