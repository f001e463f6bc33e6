import { ShapeError } from '../../../base/errors';
import { type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import { show } from '../../../base/shape';
import { apply, type Composite } from '../../op';
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
import { type Pair, pairKind, pairOf } from './patches';

export const convTranspose2dOptions = {
  ...convolutionOptions,
  /** Rows and columns that the stride of the convolution would not reach, below the stride (default 0). */
  outputPadding: optional(pairKind(0), 0),
};

/** Those of the convolution whose transpose it is, and which of its image sizes is meant. */
export interface ConvTranspose2dOptions extends OptionsOf<typeof convTranspose2dOptions> {}

interface Attributes {
  readonly at: Convolution;
  /** The shape of the result. */
  readonly images: readonly number[];
}

const op: Composite<[x: Tensor, w: Tensor], Attributes> = {
  name: 'convTranspose2d',
  // Σ Wᵀ·X over the patches: what conv2d with w does with the cotangent of its output.
  forward: ([x, w], { at, images }) => imagesOf(w, channelsFirst(x, at.groups), images, at),
  // So the transpose is the convolution, dX = W·P with the patches P of g; and dW = X·Pᵀ.
  vjp: (g, [x, w], { attributes: { at } }) => {
    let seen: Tensor | undefined;
    const P = (): Tensor => {
      seen ??= patchesOf(g, at);
      return seen;
    };
    return [
      () => imagesFirst(outputsOf(w, P()), x.shape), //            W·P
      () => weightOf(channelsFirst(x, at.groups), P(), w), //      X·Pᵀ
    ];
  },
};

/**
 * The transpose of `conv2d` with the same w and options, as a map of images: it leads from outputs back to images and
 * makes them larger by the stride. Each pixel of x adds w times itself to the patch of the result under it.
 * Shapes: x [N, C, H, W], w [C, O/groups, kh, kw] as in PyTorch, bias [O] → [N, O, h, w],
 * h = (H − 1)·stride − 2·padding + dilation·(kh − 1) + outputPadding + 1. Cost: as `conv2d` from there to here.
 * `outputPadding` has to be below the stride, where PyTorch takes one below the dilation too.
 * @throws ShapeError `conv2d/shapes`, `conv2d/kernel-size`, `conv-transpose2d/output-padding`
 * @throws OptionError `options/range`, `options/unknown`
 * @see Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv 1603.07285, section 4.
 * @example
 * const y = convTranspose2d(ones([1, 1, 2, 2]), ones([1, 1, 2, 2]), undefined, { stride: 2 });
 * console.log(y.shape); // prints [ 1, 1, 4, 4 ]
 */
export function convTranspose2d(x: Tensor, w: Tensor, bias?: Tensor, options: ConvTranspose2dOptions = {}): Tensor {
  const where = 'convTranspose2d';
  if (arguments.length > 4) refuseExtra(where, arguments, 4);
  checkOperands(where, [x, w, bias]);
  const { outputPadding, ...read } = readOptions(where, convTranspose2dOptions, options, 'x, w, bias');
  const [inputs, perGroup] = w.shape as readonly [number, number];
  const outputs = perGroup * read.groups;
  const layout = 'x [N, C, H, W], w [C, O/groups, kh, kw]';
  checkChannels(where, [x, w, bias], [inputs, outputs], read.groups, layout);
  const at = convolutionOf(where, w, read);
  const more = pairOf(where, 'outputPadding', outputPadding, 0);
  if (more.some((extent, axis) => extent >= (at.stride[axis] as number))) throw beyondStride(more, at.stride);
  const extents = ([0, 1] as const).map(
    (axis) =>
      ((x.shape[axis + 2] as number) - 1) * at.stride[axis] -
      2 * at.padding[axis] +
      at.dilation[axis] * (at.kernel[axis] - 1) +
      more[axis] +
      1,
  );
  checkExtents(where, x, at, extents);
  const images = [x.shape[0] as number, outputs, ...extents];
  return withBias(apply(op, [x, w], { at, images }, images), bias);
}

function beyondStride(outputPadding: Pair, stride: Pair): ShapeError {
  return new ShapeError({
    code: 'conv-transpose2d/output-padding',
    got: `convTranspose2d got outputPadding ${show(outputPadding)} and stride ${show(stride)}`,
    expected: 'less than the stride along each axis',
    fix: 'leave it out, or pad the result',
  });
}
