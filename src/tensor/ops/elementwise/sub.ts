import { binary } from './binary';
import { neg } from './neg';

/** a − b, elementwise with broadcasting. */
export const sub = binary('sub', { a: (g) => g, b: (g) => neg(g) });
