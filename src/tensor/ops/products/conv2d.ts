import { type OptionsOf, readOptions, refuseExtra } from '../../../base/options';
import { apply, type Composite } from '../../op';
import { runInScope } from '../../scope';
import type { Tensor } from '../../tensor';
import {
  type Convolution,
  channelsFirst,
  checkChannels,
  checkExtents,
  checkOperands,
  convolutionOf,
  convolutionOptions,
  imagesFirst,
  imagesOf,
  outputsOf,
  patchesOf,
  weightOf,
  withBias,
} from './convolution';
import { positions } from './patches';

export const conv2dOptions = convolutionOptions;

/** Steps, borders, gaps and groups. */
export interface Conv2dOptions extends OptionsOf<typeof conv2dOptions> {}

const op: Composite<[x: Tensor, w: Tensor], Convolution> = {
  name: 'conv2d',
  // Y = W·P, and the images to the front
  forward([x, w], at) {
    const shape = [x.shape[0] as number, w.shape[0] as number, ...positions(x.shape, at)];
    return imagesFirst(outputsOf(w, patchesOf(x, at)), shape);
  },
  // With G = g as Y: dP = Wᵀ·G, summed into dx; dW = G·Pᵀ. P is copied once more rather than kept.
  vjp: (g, [x, w], { attributes: at }) => {
    let byOutput: Tensor | undefined;
    const turned = (): Tensor => {
      byOutput ??= channelsFirst(g, at.groups);
      return byOutput;
    };
    // Scopes, so that the patches of one are gone before the other makes its own.
    return [
      () => {
        const G = turned();
        return runInScope('conv2d vjp', () => imagesOf(w, G, x.shape, at));
      },
      () => {
        const G = turned();
        return runInScope('conv2d vjp', () => weightOf(G, patchesOf(x, at), w));
      },
    ];
  },
};

/**
 * Each output pixel is a dot product of w with the patch of x under it, plus the bias (a cross-correlation, as in
 * PyTorch). Computed as one product with all patches side by side. Cost: 2·N·O·C/groups·kh·kw·h·w flops, each gradient
 * as many; and for the time of each (not on the tape) room for the patches, kh·kw/stride² times x.
 * Shapes: x [N, C, H, W], w [O, C/groups, kh, kw], bias [O] → [N, O, h, w],
 * h = ⌊(H + 2·padding − dilation·(kh − 1) − 1)/stride⌋ + 1. With as many groups as channels it is depthwise.
 * @throws ShapeError `conv2d/shapes`, `conv2d/kernel-size`
 * @throws OptionError `options/range`, `options/unknown`
 * @see Chellapilla, Puri and Simard, "High performance convolutional neural networks for document processing" (2006).
 * @example
 * const [images, kernels] = [ones([1, 4, 8, 8]), ones([4, 1, 3, 3])];
 * console.log(conv2d(images, kernels, undefined, { groups: 4, dilation: 2, padding: 2 }).shape); // prints [ 1, 4, 8, 8 ]
 */
export function conv2d(x: Tensor, w: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor {
  if (arguments.length > 4) refuseExtra('conv2d', arguments, 4);
  checkOperands('conv2d', [x, w, bias]);
  const read = readOptions('conv2d', conv2dOptions, options, 'x, w, bias');
  const [outputs, channels] = w.shape as readonly [number, number];
  const layout = 'x [N, C, H, W], w [O, C/groups, kh, kw]';
  checkChannels('conv2d', [x, w, bias], [channels * read.groups, outputs], read.groups, layout);
  return withBias(convolve('conv2d', x, w, convolutionOf('conv2d', w, read)), bias);
}

/** The op, for operands that go together. */
export function convolve(where: string, x: Tensor, w: Tensor, at: Convolution): Tensor {
  const extents = positions(x.shape, at);
  checkExtents(where, x, at, extents);
  return apply(op, [x, w], at, [x.shape[0] as number, w.shape[0] as number, ...extents]);
}
