import { binary } from './binary';

/** a + b, elementwise with broadcasting. */
export const add = binary('add', { a: (g) => g, b: (g) => g });
