import { refuseExtra } from '../../../base/options';
import { sizeOf } from '../../../base/shape';
import { apply, type Composite } from '../../op';
import type { Tensor } from '../../tensor';
import { mul } from '../elementwise/mul';
import { broadcastTo } from '../movement/broadcast-to';
import { reshape } from '../movement/reshape';
import type { Pair, Window } from '../products/patches';
import { type PoolOptions, poolOf, seenBy, spread } from './pool';
import { mean } from './sum';

const op: Composite<[x: Tensor], { readonly window: Window; readonly shape: readonly number[] }> = {
  name: 'avgPool',
  forward: ([x], { window, shape }) => reshape(mean(seenBy(window, x), { axis: 0 }), shape),
  // Each pixel of a window gets an equal part of what its mean gets.
  vjp: (g, [x], { attributes: { window } }) => [
    () => {
      const count = sizeOf(window.kernel);
      const part = reshape(mul(g, 1 / count), [1, g.size]);
      return spread(window, broadcastTo(part, [count, g.size]), x.shape);
    },
  ],
};

/**
 * The mean of each window of an image; zeros beyond its border count, as in PyTorch.
 * Shapes: x [N, C, H, W], window k or [kh, kw] → [N, C, h, w], h = ⌊(H + 2·padding − kh)/stride⌋ + 1. Cost: room for
 * kh·kw/stride² times x while it runs.
 * @throws ShapeError `pool/shapes`, `pool/window`
 * @throws OptionError `options/range`, `options/unknown`
 * @example
 * const x = tensor([1, 3, 5, 7], { shape: [1, 1, 1, 4] });
 * console.log(avgPool(x, [1, 2]).dataSync().join()); // prints 2,6
 */
export function avgPool(x: Tensor, window: number | Pair, options: PoolOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra('avgPool', arguments, 3);
  const pool = poolOf('avgPool', x, window, options);
  return apply(op, [x], pool, pool.shape);
}
