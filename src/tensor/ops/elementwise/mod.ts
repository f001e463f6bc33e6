import type { ElementFunction } from '../../../backend/contract';
import { div } from './div';
import { floor } from './floor';
import { mapPairs } from './map';
import { mul } from './mul';
import { neg } from './neg';

export const remainder: ElementFunction = {
  name: 'mod',
  of(x, y) {
    const rest = x % y;
    return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
  },
  dtype: 'float32',
};

/**
 * a − b·⌊a/b⌋, the remainder with the sign of b, elementwise with broadcasting (PyTorch's `remainder`, Python's `%`). NaN
 * where b is 0 or a infinite. The derivative is 1 for a and −⌊a/b⌋ for b, also at the jumps.
 * @example
 * console.log(await mod(tensor([5, -5, 5.5]), 3).array()); // prints [ 2, 1, 2.5 ]
 */
export const mod = /* @__PURE__ */ mapPairs(remainder, {
  a: (g) => g,
  b: (g, a, b) => mul(g, neg(floor(div(a, b)))),
});
