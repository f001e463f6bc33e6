import type { ElementFunction } from '../../../backend/contract';
import { binary } from './binary';
import { neg } from './neg';

/** For int32: what overflows wraps around. */
export const subInt: ElementFunction = { name: 'subInt', of: (x, y) => (x - y) | 0, dtype: 'int32' };

/** a − b, elementwise with broadcasting; of int32 as `add`. */
export const sub = binary('sub', { a: (g) => g, b: (g) => neg(g) }, subInt);
