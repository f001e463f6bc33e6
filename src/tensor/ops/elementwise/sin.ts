import type { ElementFunction } from '../../../backend/contract';
import { cos } from './cos';
import { map } from './map';
import { mul } from './mul';

export const sine: ElementFunction = { name: 'sin', of: Math.sin, dtype: 'float32' };

/**
 * The sine of x, in radians. A GPU knows it up to 2²⁴ and makes NaN of what is larger.
 * @example
 * console.log(await sin(tensor([0, Math.PI / 2])).array()); // prints [ 0, 1 ]
 */
export const sin = /* @__PURE__ */ map(sine, (g, x) => mul(g, cos(x)));
