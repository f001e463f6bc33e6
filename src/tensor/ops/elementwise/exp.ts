import { mul } from './mul';
import { unary } from './unary';

/** e to the power x */
export const exp = unary('exp', (g, _, y) => mul(g, y));
