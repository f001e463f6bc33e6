import type { ElementFunction } from '../../../backend/contract';
import { map } from './map';
import { mul } from './mul';

/** Float64 has no fractions from 2⁵² on, and rounds halves to even. The sign keeps −0. */
export const toEven: ElementFunction = {
  name: 'round',
  of: (x) => Math.sign(x) * (Math.abs(x) + 2 ** 52 - 2 ** 52),
  dtype: 'float32',
};

/**
 * The whole number next to x, of two equally near ones the even one; its derivative is 0.
 * @example
 * console.log(await round(tensor([0.5, 1.5, 2.25])).array()); // prints [ 0, 2, 2 ]
 */
export const round = /* @__PURE__ */ map(toEven, (g) => mul(g, 0));
