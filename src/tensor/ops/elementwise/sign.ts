import { mul } from './mul';
import { unary } from './unary';

/** −1, 0 or 1; its derivative is 0. */
export const sign = unary('sign', (g) => mul(g, 0));
