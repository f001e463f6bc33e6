import type { ElementFunction } from '../../../backend/contract';
import { binary } from './binary';

/** For int32: what overflows wraps around. */
export const mulInt: ElementFunction = { name: 'mulInt', of: Math.imul, dtype: 'int32' };

/** a·b, elementwise with broadcasting; of int32 as `add`. */
export const mul = binary('mul', { a: (g, _, b) => mul(g, b), b: (g, a) => mul(g, a) }, mulInt);
