import { mul } from './mul';
import { unary } from './unary';

/** x² */
export const square = unary('square', (g, x) => mul(g, mul(2, x)));
