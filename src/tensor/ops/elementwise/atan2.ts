import type { ElementFunction } from '../../../backend/contract';
import type { Tensor } from '../../tensor';
import { add } from './add';
import type { Operand } from './binary';
import { div } from './div';
import { mapPairs } from './map';
import { mul } from './mul';
import { neg } from './neg';

export const angle: ElementFunction = { name: 'atan2', of: Math.atan2, dtype: 'float32' };

/**
 * The angle of the point (b, a) in radians, from −π to π, elementwise with broadcasting: the arc tangent of a/b in the right
 * quadrant. The derivative at (0, 0), where there is none, is NaN as in PyTorch.
 * @example
 * console.log((await atan2(1, 1).mul(4).item()).toFixed(3)); // prints 3.142
 */
export const atan2 = /* @__PURE__ */ mapPairs(angle, {
  a: (g, a, b) => mul(g, div(b, squaredDistance(a, b))),
  b: (g, a, b) => mul(g, neg(div(a, squaredDistance(a, b)))),
});

function squaredDistance(a: Operand, b: Operand): Tensor {
  return add(mul(a, a), mul(b, b));
}
