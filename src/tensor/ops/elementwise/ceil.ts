import type { ElementFunction } from '../../../backend/contract';
import { map } from './map';
import { mul } from './mul';

export const up: ElementFunction = { name: 'ceil', of: Math.ceil, dtype: 'float32' };

/**
 * The smallest whole number that is at least x; its derivative is 0.
 * @example
 * console.log(await ceil(tensor([1.5, 0.25])).array()); // prints [ 2, 1 ]
 */
export const ceil = /* @__PURE__ */ map(up, (g) => mul(g, 0));
