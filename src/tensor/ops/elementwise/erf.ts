import { exp } from './exp';
import { mul } from './mul';
import { neg } from './neg';
import { square } from './square';
import { unary } from './unary';

/** The error function 2/√π·∫₀ˣ exp(−t²) dt. */
export const erf = unary('erf', (g, x) => mul(g, mul(2 / Math.sqrt(Math.PI), exp(neg(square(x))))));
