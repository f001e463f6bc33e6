import { ShapeError } from '../../../base/errors';
import { type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import { show, sizeOf } from '../../../base/shape';
import { apply, type Composite, checkFloat } from '../../op';
import { runInScope } from '../../scope';
import type { Tensor } from '../../tensor';
import { add } from '../elementwise/add';
import { reshape } from '../movement/reshape';
import { transpose } from '../movement/transpose';
import { matmul } from './matmul';
import { pairKind, pairOf, patches, positions, unpatches, type Window } from './patches';

export const conv2dOptions = {
  /** Pixels from one output to the next, for both axes or [vertical, horizontal] (default 1). */
  stride: optional(pairKind(1), 1),
  /** Zeros on each side of the images, for both axes or [vertical, horizontal] (default 0). */
  padding: optional(pairKind(0), 0),
};

/** Steps and borders. */
export interface Conv2dOptions extends OptionsOf<typeof conv2dOptions> {}

const op: Composite<[x: Tensor, w: Tensor], Window> = {
  name: 'conv2d',
  // Y = W·P, [O, C·kh·kw]·[C·kh·kw, N·h·w], and the images to the front
  forward([x, w], window) {
    const [outputs] = w.shape as readonly [number];
    const y = matmul(reshape(w, [outputs, sizeOf(w.shape.slice(1))]), patches(x, window));
    return transpose(reshape(y, [outputs, x.shape[0] as number, ...positions(x.shape, window)]), [1, 0, 2, 3]);
  },
  // With G = g as [O, N·h·w]: dP = Wᵀ·G, summed into dx; dW = G·Pᵀ. P is copied once more rather than kept.
  vjp: (g, [x, w], { attributes: window }) => {
    const [batch, outputs, height, width] = g.shape as readonly [number, number, number, number];
    let byOutput: Tensor | undefined;
    const turned = (): Tensor => {
      byOutput ??= reshape(transpose(g, [1, 0, 2, 3]), [outputs, batch * height * width]);
      return byOutput;
    };
    const weight = (): Tensor => reshape(w, [outputs, sizeOf(w.shape.slice(1))]);
    // Scopes, so that the patches of one are gone before the other makes its own.
    return [
      () => {
        const G = turned();
        return runInScope('conv2d vjp', () => unpatches(matmul(weight(), G, { transposeA: true }), x.shape, window));
      },
      () => {
        const G = turned();
        return runInScope('conv2d vjp', () => reshape(matmul(G, patches(x, window), { transposeB: true }), w.shape));
      },
    ];
  },
};

/**
 * Each output pixel is a dot product of w with the patch of x under it, plus the bias (a cross-correlation, as in
 * PyTorch). Computed as one product with all patches side by side. Cost: 2·N·O·C·kh·kw·h·w flops, each gradient
 * as many; and for the time of each (not on the tape) room for the patches, kh·kw/stride² times x.
 * Shapes: x [N, C, H, W], w [O, C, kh, kw], bias [O] → [N, O, h, w], h = ⌊(H + 2·padding − kh)/stride⌋ + 1.
 * @throws ShapeError `conv2d/shapes`, `conv2d/kernel-size`
 * @throws OptionError `options/range`, `options/unknown`
 * @see Chellapilla, Puri and Simard, "High performance convolutional neural networks for document processing" (2006).
 */
export function conv2d(x: Tensor, w: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor {
  if (arguments.length > 4) refuseExtra('conv2d', arguments, 4);
  checkFloat('conv2d', x, w);
  if (bias !== undefined) checkFloat('conv2d', bias);
  const { stride, padding } = readOptions('conv2d', conv2dOptions, options, 'x, w, bias');
  const [outputs, channels, kh, kw] = w.shape;
  const fits = x.ndim === 4 && w.ndim === 4 && x.shape[1] === channels;
  if (!fits || (bias && (bias.ndim !== 1 || bias.size !== outputs))) throw mismatch(x, w, bias);
  const window = {
    kernel: [kh as number, kw as number],
    stride: pairOf('conv2d', 'stride', stride, 1),
    padding: pairOf('conv2d', 'padding', padding, 0),
  } as const;
  const [height, width] = positions(x.shape, window);
  if (height < 1 || width < 1 || kh === 0 || kw === 0) throw kernelSize(x, window);
  const y = apply(op, [x, w], window, [x.shape[0] as number, outputs as number, height, width]);
  return bias ? add(y, reshape(bias, [bias.size, 1, 1])) : y;
}

function mismatch(x: Tensor, w: Tensor, bias: Tensor | undefined): ShapeError {
  return new ShapeError({
    code: 'conv2d/shapes',
    got: `conv2d got x ${show(x.shape)}, w ${show(w.shape)} and bias ${bias ? show(bias.shape) : 'none'}`,
    expected: 'x [N, C, H, W], w [O, C, kh, kw] and a bias [O]',
    fix: 'reshape a single image to [1, C, H, W]; transpose channels that come last with [0, 3, 1, 2]',
  });
}

function kernelSize(x: Tensor, { kernel, padding }: Window): ShapeError {
  return new ShapeError({
    code: 'conv2d/kernel-size',
    got: `conv2d got images ${show(x.shape.slice(2))} with padding ${show(padding)} and a kernel ${show(kernel)}`,
    expected: 'a kernel of at least 1×1 that fits into the padded image',
    fix: 'use a smaller kernel, more padding or less striding before',
  });
}
