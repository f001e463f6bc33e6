import type { ElementFunction } from '../../../backend/contract';
import { exp } from './exp';
import { map } from './map';
import { mul } from './mul';

export const expLess1: ElementFunction = { name: 'expm1', of: Math.expm1, dtype: 'float32' };

/**
 * eˣ − 1, also right where x is so small that the difference would lose it.
 * @example
 * console.log(await expm1(tensor([0, 2 ** -40])).array()); // prints [ 0, 9.094947017729282e-13 ]
 */
export const expm1 = /* @__PURE__ */ map(expLess1, (g, x) => mul(g, exp(x)));
