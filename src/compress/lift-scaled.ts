import { checkArgument, number, refuseExtra } from '../base/options';
import { mul } from '../tensor/ops/elementwise/mul';
import type { Combine } from './combine';

/** `liftUpdate` times a factor, GaLore's c: what is compressed takes smaller steps than what is not. */
export function liftScaled<S, O = undefined>(factor: number): Combine<S, O> {
  if (arguments.length > 1) refuseExtra('liftScaled', arguments, 1);
  checkArgument('liftScaled', 'factor', number({ low: Number.MIN_VALUE }), factor);
  return (G, leaf, { refresh, down, inner, up }) => {
    leaf = refresh(leaf);
    const [N, next] = inner(leaf, down(leaf, G));
    return [mul(up(next, N), factor), next]; // c·up(N)
  };
}
