import { binary } from './binary';
import { log } from './log';
import { mul } from './mul';
import { sub } from './sub';

/** a to the power b, elementwise with broadcasting. The derivative in b needs a > 0. */
export const pow = binary('pow', {
  a: (g, a, b) => mul(g, mul(b, pow(a, sub(b, 1)))),
  b: (g, a, _, y) => mul(g, mul(y, typeof a === 'number' ? Math.log(a) : log(a))),
});
