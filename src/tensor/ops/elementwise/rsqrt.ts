import { div } from './div';
import { mul } from './mul';
import { unary } from './unary';

/** 1/√x */
export const rsqrt = unary('rsqrt', (g, x, y) => mul(g, mul(-0.5, div(y, x))));
