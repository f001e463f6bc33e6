import { refuseExtra } from '../../../base/options';
import type { Shape } from '../../../base/shape';
import { apply, type Composite } from '../../op';
import type { Tensor } from '../../tensor';
import { arange } from '../create';
import { equal } from '../elementwise/compare';
import { where } from '../elementwise/where';
import { pad } from '../movement/pad';
import { reshape } from '../movement/reshape';
import type { Pair, Window } from '../products/patches';
import { argmax } from './argmax';
import { max } from './max';
import { type PoolOptions, poolOf, seenBy, spread } from './pool';

const op: Composite<[x: Tensor], { readonly window: Window; readonly shape: Shape }> = {
  name: 'maxPool',
  forward([x], { window, shape }) {
    const { padded, inside } = bordered(x, window);
    return reshape(max(seenBy(inside, padded), { axis: 0 }), shape);
  },
  // The first largest pixel of each window gets all of it. The windows are read once more rather than kept.
  vjp: (g, [x], { attributes: { window } }) => [
    () => {
      const { padded, inside } = bordered(x, window);
      const columns = seenBy(inside, padded); // [kh·kw, N·C·h·w]
      const [count, width] = columns.shape as readonly [number, number];
      const first = equal(reshape(argmax(columns, { axis: 0 }), [1, width]), reshape(arange(count), [count, 1]));
      return spread(window, where(first, reshape(g, [1, width]), 0), x.shape);
    },
  ],
};

/** x with −∞ around it, which is larger than nothing, and the window that moves inside of it. */
function bordered(x: Tensor, window: Window): { padded: Tensor; inside: Window } {
  const [top, left] = window.padding;
  if (top + left === 0) return { padded: x, inside: window };
  const border = [0, 0, top, left].map((extent) => [extent, extent] as const);
  return { padded: pad(x, border, Number.NEGATIVE_INFINITY), inside: { ...window, padding: [0, 0] } };
}

/**
 * The largest element of each window of an image; NaN wins. What is beyond the border is −∞. Among equals the first one
 * gets the gradient, as in PyTorch.
 * Shapes: x [N, C, H, W], window k or [kh, kw] → [N, C, h, w], h = ⌊(H + 2·padding − kh)/stride⌋ + 1. Cost: room for
 * kh·kw/stride² times x while it runs.
 * @throws ShapeError `pool/shapes`, `pool/window`
 * @throws OptionError `options/range`, `options/unknown`
 * @example
 * const x = tensor([1, 3, 5, 7], { shape: [1, 1, 1, 4] });
 * console.log(maxPool(x, [1, 2]).dataSync().join()); // prints 3,7
 */
export function maxPool(x: Tensor, window: number | Pair, options: PoolOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra('maxPool', arguments, 3);
  const pool = poolOf('maxPool', x, window, options);
  return apply(op, [x], pool, pool.shape);
}
