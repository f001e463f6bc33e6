import { binary } from './binary';

/** a·b, elementwise with broadcasting. */
export const mul = binary('mul', { a: (g, _, b) => mul(g, b), b: (g, a) => mul(g, a) });
