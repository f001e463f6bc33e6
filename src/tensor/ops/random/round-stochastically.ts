import { type Key, keyKind } from '../../../base/key';
import {
  choice,
  type Kind,
  kindOf,
  number,
  type OptionsOf,
  readOptions,
  refuseExtra,
  required,
} from '../../../base/options';
import { broadcastShapes } from '../../../base/shape';
import { checkFloat } from '../../op';
import { runInScope } from '../../scope';
import type { Tensor } from '../../tensor';
import { isTensor } from '../../tree';
import { full } from '../create';
import { abs } from '../elementwise/abs';
import { add } from '../elementwise/add';
import { cast } from '../elementwise/cast';
import { greaterEqual, less } from '../elementwise/compare';
import { div } from '../elementwise/div';
import { maximum, minimum } from '../elementwise/maximum';
import { mul } from '../elementwise/mul';
import { stopGradient } from '../elementwise/stop-gradient';
import { sub } from '../elementwise/sub';
import { where } from '../elementwise/where';
import { random } from './random';

/** Bits of the fraction, and the smallest distance of two numbers; bfloat16 has some below 2^−126 that backends take for 0. */
const formats = { bfloat16: { bits: 7, least: 2 ** -126 }, float16: { bits: 10, least: 2 ** -24 } };

const positive = number({ low: Number.MIN_VALUE });
const format = choice('bfloat16', 'float16');

const stepKind: Kind<number | Tensor | keyof typeof formats> = {
  ...kindOf<number | Tensor | keyof typeof formats>(
    `a number > 0, a tensor of such numbers, or ${format.expected}`,
    (value) => positive.fits(value) || format.fits(value) || isTensor(value),
  ),
  like: '0.01',
};

const roundStochasticallyOptions = {
  /**
   * The distance of the points that x is rounded to, whole multiples of it: a number; a tensor that broadcasts with x, such
   * as one for each row; or a format, for the numbers that it has on either side of each x.
   */
  step: required(stepKind),
  /** What is drawn from: another one for each rounding. */
  key: required<Key>(keyKind),
};

/** The points, and the key. */
export interface RoundStochasticallyOptions extends OptionsOf<typeof roundStochasticallyOptions> {}

/**
 * Round each element to one of the two points around it, up with the probability p of how far it is on its way: E[q] = x,
 * with variance p·(1 − p)·step². So sums of many small steps do not get lost, as they would in rounding to the nearest.
 * Shapes: any → the same. What is a point stays as it is, if the step is a power of 2 or rounding leaves x/step whole;
 * from 2²³ steps on all float32 are. No derivative.
 *
 * Of the formats only the distances count: beyond float16's 65504 its exponents go on.
 * @throws OptionError `options/…`, `random/…`
 * @throws ShapeError `broadcast/mismatch`
 * @see Gupta et al., "Deep learning with limited numerical precision", arXiv 1502.02551, section 3.1.
 * @example
 * const x = full([10000], 0.3);
 * const q = roundStochastically(x, { step: 1, key: random.key(0) }); // zeros and ones
 * console.log(Math.abs((await q.mean().item()) - 0.3) < 0.02); // prints true
 */
export function roundStochastically(x: Tensor, options: RoundStochasticallyOptions): Tensor {
  if (arguments.length > 2) refuseExtra('roundStochastically', arguments, 2);
  checkFloat('roundStochastically', x);
  const { step, key } = readOptions('roundStochastically', roundStochasticallyOptions, options, 'x');
  if (isTensor(step)) {
    checkFloat('roundStochastically', step);
    broadcastShapes('roundStochastically', x.shape, step.shape);
  }
  return runInScope('roundStochastically', () => {
    const constant = stopGradient(x);
    const distance = typeof step === 'string' ? distanceIn(formats[step], constant) : step;
    const scaled = div(constant, distance);
    const below = floor(scaled);
    const up = less(random.uniform(key, scaled.shape), sub(scaled, below));
    const rounded = mul(add(below, cast(up, 'float32')), distance);
    return where(less(abs(scaled), 2 ** 23), rounded, constant); // beyond, all are whole
  });
}

/** The largest whole number up to each element, within int32. */
function floor(y: Tensor): Tensor {
  const towardsZero = cast(cast(y, 'int32'), 'float32');
  return sub(towardsZero, cast(less(y, towardsZero), 'float32'));
}

/** How far apart the numbers of a format are at each element. */
function distanceIn({ bits, least }: (typeof formats)['bfloat16'], x: Tensor): Tensor {
  const size = minimum(abs(x), 2 ** 127);
  let power = full(x.shape, 2 ** -126);
  // The largest power of 2 up to each |x|: comparisons and products by powers are exact.
  for (const jump of [64, 64, 64, 32, 16, 8, 4, 2, 1]) {
    const further = mul(power, 2 ** jump);
    power = where(greaterEqual(size, further), further, power);
  }
  return maximum(mul(power, 2 ** -bits), least);
}
