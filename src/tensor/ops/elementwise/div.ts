import { binary } from './binary';
import { mul } from './mul';
import { neg } from './neg';

/** a / b, elementwise with broadcasting; division by zero gives ±infinity or NaN as IEEE 754 says. */
export const div = binary('div', { a: (g, _, b) => div(g, b), b: (g, _, b, y) => neg(div(mul(g, y), b)) });
