import { number, type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import type { Tensor } from '../../tensor';
import { abs } from '../elementwise/abs';
import { minimum } from '../elementwise/maximum';
import { mul } from '../elementwise/mul';
import { sub } from '../elementwise/sub';
import { checkPair } from '../rows/loss';
import { mean } from './sum';

const huberOptions = {
  /** The difference δ > 0 from which on the loss is linear (default 1). */
  delta: optional(number({ low: Number.MIN_VALUE }), 1),
};

/** Where the parabola ends. */
export interface HuberOptions extends OptionsOf<typeof huberOptions> {}

/**
 * Mean of ½·r² where r = |a − b| ≤ δ, and of δ·(r − ½·δ) beyond: a squared difference that outliers do not rule.
 * Shapes: a and b alike → [].
 * @throws ShapeError `loss/shapes`
 * @throws OptionError `options/range`, `options/unknown`
 * @see Huber, "Robust estimation of a location parameter" (1964).
 * @example
 * console.log(await huber(tensor([0, 3]), tensor([1, 0])).item()); // prints 1.5
 */
export function huber(a: Tensor, b: Tensor, options: HuberOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra('huber', arguments, 3);
  checkPair('huber', a, b);
  const { delta } = readOptions('huber', huberOptions, options, 'a, b');
  const r = abs(sub(a, b));
  // With q = min(r, δ) both parts are q·(r − ½·q), whose derivative at r = δ is δ from either side.
  const q = minimum(r, delta);
  return mean(mul(q, sub(r, mul(q, 0.5))));
}
