import { div } from './div';
import { unary } from './unary';

/** Natural logarithm; −infinity at 0, NaN below. */
export const log = unary('log', (g, x) => div(g, x));
