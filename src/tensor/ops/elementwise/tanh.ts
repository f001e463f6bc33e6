import { mul } from './mul';
import { square } from './square';
import { sub } from './sub';
import { unary } from './unary';

/** Hyperbolic tangent. */
export const tanh = unary('tanh', (g, _, y) => mul(g, sub(1, square(y))));
