import { div } from './div';
import { mul } from './mul';
import { unary } from './unary';

/** √x */
export const sqrt = unary('sqrt', (g, _, y) => div(g, mul(2, y)));
