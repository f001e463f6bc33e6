import type { ElementFunction } from '../../../backend/contract';
import { exp } from './exp';
import { map } from './map';
import { mul } from './mul';

export const expLess1: ElementFunction = { name: 'expm1', of: Math.expm1, dtype: 'float32' };

/** eˣ − 1, also right where x is so small that the difference would lose it. */
export const expm1 = /* @__PURE__ */ map(expLess1, (g, x) => mul(g, exp(x)));
