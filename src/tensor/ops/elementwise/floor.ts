import type { ElementFunction } from '../../../backend/contract';
import { map } from './map';
import { mul } from './mul';

export const down: ElementFunction = { name: 'floor', of: Math.floor, dtype: 'float32' };

/**
 * The largest whole number that is at most x; its derivative is 0.
 * @example
 * console.log(await floor(tensor([1.5, -1.5])).array()); // prints [ 1, -2 ]
 */
export const floor = /* @__PURE__ */ map(down, (g) => mul(g, 0));
