import type { ElementFunction } from '../../../backend/contract';
import { add } from './add';
import { map } from './map';
import { mul } from './mul';
import { square } from './square';

export const tangent: ElementFunction = { name: 'tan', of: Math.tan, dtype: 'float32' };

/** The tangent of x, in radians. A GPU knows it up to 2²⁴ and makes NaN of what is larger. */
export const tan = /* @__PURE__ */ map(tangent, (g, _, y) => mul(g, add(1, square(y))));
