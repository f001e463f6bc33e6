import type { ElementFunction } from '../../../backend/contract';
import { binary } from './binary';

/** For int32: what overflows wraps around. */
export const addInt: ElementFunction = { name: 'addInt', of: (x, y) => (x + y) | 0, dtype: 'int32' };

/**
 * a + b, elementwise with broadcasting. Two int32 tensors, or one and a whole number, make an int32 tensor that wraps around at
 * ±2³¹, and no derivative.
 * @example
 * console.log(await add(arange(3), 1).array()); // prints [ 1, 2, 3 ]
 */
export const add = binary('add', { a: (g) => g, b: (g) => g }, addInt);
