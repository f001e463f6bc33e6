import type { ElementFunction } from '../../../backend/contract';
import { map } from './map';
import { mul } from './mul';
import { neg } from './neg';
import { sin } from './sin';

export const cosine: ElementFunction = { name: 'cos', of: Math.cos, dtype: 'float32' };

/**
 * The cosine of x, in radians. A GPU knows it up to 2²⁴ and makes NaN of what is larger.
 * @example
 * console.log(await cos(tensor([0, Math.PI])).array()); // prints [ 1, -1 ]
 */
export const cos = /* @__PURE__ */ map(cosine, (g, x) => mul(g, neg(sin(x))));
