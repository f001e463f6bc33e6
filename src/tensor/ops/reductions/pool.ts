import { ShapeError } from '../../../base/errors';
import { type OptionsOf, optional, readOptions } from '../../../base/options';
import { type Shape, show } from '../../../base/shape';
import { checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { reshape } from '../movement/reshape';
import { type Pair, pairKind, pairOf, patches, positions, unpatches, type Window } from '../products/patches';

const poolOptions = {
  /** Pixels from one window to the next, for both axes or [vertical, horizontal] (default: the window, side by side). */
  stride: optional(pairKind(1)),
  /** Pixels added on each side, at most half a window, for both axes or [vertical, horizontal] (default 0). */
  padding: optional(pairKind(0), 0),
};

/** Steps and borders of `maxPool` and `avgPool`. */
export interface PoolOptions extends OptionsOf<typeof poolOptions> {}

/** How a pool moves over images [N, C, H, W], and the shape that it makes of them. @throws ShapeError `pool/shapes`, `pool/window` */
export function poolOf(
  where: string,
  x: Tensor,
  window: number | Pair,
  options: PoolOptions,
): { window: Window; shape: Shape } {
  checkFloat(where, x);
  const moves = windowOf(where, window, options);
  if (x.ndim !== 4) {
    throw new ShapeError({
      code: 'pool/shapes',
      got: `${where} got x ${show(x.shape)}`,
      expected: 'x [N, C, H, W]',
      fix: 'reshape a single image to [1, C, H, W]',
    });
  }
  const extents = positions(x.shape, moves);
  if (extents.some((extent) => extent < 1)) {
    throw new ShapeError({
      code: 'pool/window',
      got: `${where} got images ${show(x.shape.slice(2))} and a window ${show(moves.kernel)}`,
      expected: 'a window that fits into the padded image',
      fix: 'use a smaller window, or pool less before',
    });
  }
  return { window: moves, shape: [...x.shape.slice(0, 2), ...extents] };
}

/** The window of a pool. @throws ShapeError `pool/window` */
export function windowOf(where: string, window: number | Pair, options: PoolOptions): Window {
  const kernel = pairOf(where, 'window', window, 1);
  const { stride = kernel, padding } = readOptions(where, poolOptions, options, 'x, window');
  const border = pairOf(where, 'padding', padding, 0);
  if (border.some((extent, axis) => 2 * extent > (kernel[axis] as number))) {
    throw new ShapeError({
      code: 'pool/window',
      got: `${where} got padding ${show(border)} and a window ${show(kernel)}`,
      expected: 'at most half the window, so that every window sees a pixel',
      fix: 'pad less, or pad the images themselves',
    });
  }
  return { kernel, stride: pairOf(where, 'stride', stride, 1), padding: border, dilation: [1, 1] };
}

/** What each window sees of x [N, C, H, W], as a column of [kh·kw, N·C·h·w]: each channel is an image of its own. */
export function seenBy(window: Window, x: Tensor): Tensor {
  return patches(reshape(x, planes(x.shape)), window);
}

/** The transpose of `seenBy`: x [kh·kw, N·C·h·w] summed into images. */
export function spread(window: Window, x: Tensor, images: Shape): Tensor {
  return reshape(unpatches(x, planes(images), window), images);
}

function planes([batch, channels, ...extents]: Shape): Shape {
  return [(batch as number) * (channels as number), 1, ...extents];
}
