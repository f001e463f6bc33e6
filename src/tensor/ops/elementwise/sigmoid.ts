import { mul } from './mul';
import { sub } from './sub';
import { unary } from './unary';

/** 1/(1 + e^−x) */
export const sigmoid = unary('sigmoid', (g, _, y) => mul(g, mul(y, sub(1, y))));
