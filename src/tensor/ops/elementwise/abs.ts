import { mul } from './mul';
import { sign } from './sign';
import { unary } from './unary';

/** |x|; the derivative at 0 is 0. */
export const abs = unary('abs', (g, x) => mul(g, sign(x)));
