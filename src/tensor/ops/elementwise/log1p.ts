import type { ElementFunction } from '../../../backend/contract';
import { add } from './add';
import { div } from './div';
import { map } from './map';

export const logOfSum: ElementFunction = { name: 'log1p', of: Math.log1p, dtype: 'float32' };

/**
 * log(1 + x), also right where x is so small that 1 + x would lose it; −infinity at −1, NaN below.
 * @example
 * console.log(await log1p(tensor([0, -1, 2 ** -40])).array()); // prints [ 0, -Infinity, 9.094947017729282e-13 ]
 */
export const log1p = /* @__PURE__ */ map(logOfSum, (g, x) => div(g, add(1, x)));
