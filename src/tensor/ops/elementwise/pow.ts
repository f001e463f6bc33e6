import type { Tensor } from '../../tensor';
import { abs } from './abs';
import { binary, type Operand } from './binary';
import { equal, greaterEqual } from './compare';
import { log } from './log';
import { mul } from './mul';
import { sub } from './sub';
import { where } from './where';

/**
 * a to the power b, elementwise with broadcasting. The derivative in a is 0 where b is 0, and that in b is 0 where a is
 * 0 and b ≥ 0, as in PyTorch; for a < 0 the latter is NaN.
 */
export const pow = binary('pow', {
  a: (g, a, b) => mul(g, slope(a, b)),
  b: (g, a, b, y) => mul(g, mul(y, logOfBase(a, b))),
});

/**
 * b·aᵇ⁻¹, and 0 where b is 0, whatever a is. Only where a⁻¹ overflows (and 0·a⁻¹ would be NaN) is another exponent put
 * in place of 0: elsewhere the derivative of this in b, which is a⁻¹ there, has to stay what it is.
 */
function slope(a: Tensor, b: Operand): Operand {
  if (typeof b === 'number') return b === 0 ? 0 : mul(b, pow(a, b - 1));
  const exponent = where(greaterEqual(abs(a), leastWithReciprocal), b, unless(equal(b, 0), b));
  return mul(b, pow(a, sub(exponent, 1)));
}

/** The smallest normal float32; reciprocals of much smaller ones are infinite. */
const leastWithReciprocal = 2 ** -126;

/** ln a, and 0 where aᵇ stays 0 for all larger b too, so that 0·ln 0 does not become NaN. */
function logOfBase(a: Operand, b: Operand): Operand {
  if (typeof a === 'number' && a > 0) return Math.log(a);
  return log(where(equal(a, 0), unless(greaterEqual(b, 0), a), a));
}

/** x, and 1 where the condition holds: a value at which nothing goes wrong. */
function unless(condition: Tensor, x: Operand): Tensor {
  return where(condition, 1, x);
}
