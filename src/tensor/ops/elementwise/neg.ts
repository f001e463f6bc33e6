import { unary } from './unary';

/** −x */
export const neg = unary('neg', (g) => neg(g));
