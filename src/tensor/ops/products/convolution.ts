import { ShapeError } from '../../../base/errors';
import { optional, type ValuesOf, whole } from '../../../base/options';
import { type Shape, show, sizeOf } from '../../../base/shape';
import { checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { add } from '../elementwise/add';
import { reshape } from '../movement/reshape';
import { transpose } from '../movement/transpose';
import { matmul } from './matmul';
import { pairKind, pairOf, patches, unpatches, type Window } from './patches';

// A convolution is one product Y = W·P for each group of channels: P are the patches of the images, Y the outputs, and
// W the weight as matrices. All groups are one batched product, since what belongs to a group lies together in each.

export const convolutionOptions = {
  /** Pixels from one output to the next, for both axes or [vertical, horizontal] (default 1). */
  stride: optional(pairKind(1), 1),
  /** Zeros on each side of the images, for both axes or [vertical, horizontal] (default 0). */
  padding: optional(pairKind(0), 0),
  /** Pixels from one element of the kernel to the next, for both axes or [vertical, horizontal] (default 1). */
  dilation: optional(pairKind(1), 1),
  /** Parts of the channels that do not see each other: each output reads the inputs of its own part (default 1). */
  groups: optional(whole({ low: 1, high: 2 ** 24 }), 1),
};

/** The window, and how many groups of channels there are. */
export interface Convolution extends Window {
  readonly groups: number;
}

/** The convolution that options ask for, with a kernel w [..., kh, kw]. */
export function convolutionOf(
  where: string,
  w: Tensor,
  { stride, padding, dilation, groups }: ValuesOf<typeof convolutionOptions>,
): Convolution {
  const [kh, kw] = w.shape.slice(2) as [number, number];
  return {
    kernel: [kh, kw],
    stride: pairOf(where, 'stride', stride, 1),
    padding: pairOf(where, 'padding', padding, 0),
    dilation: pairOf(where, 'dilation', dilation, 1),
    groups,
  };
}

/** Y = W·P [groups, outputs of one, N·h·w], for w [outputs, channels of one, kh, kw] and x [N, C, H, W]. */
export function outputsOf(w: Tensor, P: Tensor): Tensor {
  return matmul(matrices(w, P.shape[0] as number), P);
}

/** The patches P [groups, channels of one·kh·kw, N·h·w] of x. */
export function patchesOf(x: Tensor, at: Convolution): Tensor {
  const P = patches(x, at);
  const [rows, columns] = P.shape as readonly [number, number];
  return reshape(P, [at.groups, rows / at.groups, columns]);
}

/** The transpose in x: Wᵀ·Y, summed into images of this shape. */
export function imagesOf(w: Tensor, Y: Tensor, images: Shape, at: Convolution): Tensor {
  const P = matmul(matrices(w, at.groups), Y, { transposeA: true });
  const [groups, rows, columns] = P.shape as readonly [number, number, number];
  return unpatches(reshape(P, [groups * rows, columns]), images, at);
}

/** The transpose in w: Y·Pᵀ. */
export function weightOf(Y: Tensor, P: Tensor, w: Tensor): Tensor {
  return reshape(matmul(Y, P, { transposeB: true }), w.shape);
}

function matrices(w: Tensor, groups: number): Tensor {
  const [outputs, ...one] = w.shape as readonly [number, ...number[]];
  return reshape(w, [groups, outputs / groups, sizeOf(one)]);
}

/** x [N, C, h, w] as [groups, C/groups, N·h·w]. */
export function channelsFirst(x: Tensor, groups: number): Tensor {
  const [batch, channels, height, width] = x.shape as readonly [number, number, number, number];
  return reshape(transpose(x, [1, 0, 2, 3]), [groups, channels / groups, batch * height * width]);
}

/** The reverse of `channelsFirst`, for outputs [N, O, h, w]. */
export function imagesFirst(Y: Tensor, [batch, outputs, ...extents]: Shape): Tensor {
  return transpose(reshape(Y, [outputs as number, batch as number, ...extents]), [1, 0, 2, 3]);
}

/** y plus the bias of each channel, the second axis. */
export function withBias(y: Tensor, bias: Tensor | undefined): Tensor {
  return bias ? add(y, reshape(bias, [bias.size, ...y.shape.slice(2).map(() => 1)])) : y;
}

/** Images, weight and bias, as users pass them. */
export type Operands = readonly [x: Tensor, w: Tensor, bias?: Tensor | undefined];

/** @throws OptionError `arguments/tensor` @throws ShapeError `dtype/float32` */
export function checkOperands(where: string, [x, w, bias]: Operands): void {
  checkFloat(where, x, w);
  if (bias !== undefined) checkFloat(where, bias);
}

/**
 * Shapes that go together, for a w that stands for [inputs, outputs] channels; `layout` says in words what is expected.
 * @throws ShapeError `conv2d/shapes`
 */
export function checkChannels(
  where: string,
  [x, w, bias]: Operands,
  [inputs, outputs]: readonly (number | undefined)[],
  groups: number,
  layout: string,
): void {
  const ndim = layout.includes('H') ? 4 : 3;
  const fits = x.ndim === ndim && w.ndim === ndim && x.shape[1] === inputs && (w.shape[0] as number) % groups === 0;
  if (fits && (!bias || (bias.ndim === 1 && bias.size === outputs))) return;
  throw new ShapeError({
    code: 'conv2d/shapes',
    got: `${where} got x ${show(x.shape)}, w ${show(w.shape)}, bias ${bias ? show(bias.shape) : 'none'} and groups ${groups}`,
    expected: `${layout}, a bias [O], and groups that divide C and O`,
    fix: 'reshape a single image to a batch of one; transpose channels that come last to the second axis',
  });
}

/**
 * An output of at least one element, and a kernel that has some.
 * @throws ShapeError `conv2d/kernel-size`
 */
export function checkExtents(where: string, x: Tensor, at: Convolution, extents: readonly number[]): void {
  if ([...extents, ...at.kernel].every((extent) => extent > 0)) return;
  const { kernel, padding, dilation } = at;
  throw new ShapeError({
    code: 'conv2d/kernel-size',
    got: `${where} got images ${show(x.shape.slice(2))} with padding ${show(padding)}, a kernel ${show(kernel)} and dilation ${show(dilation)}`,
    expected: 'a kernel of at least 1×1 that fits into the padded image',
    fix: 'use a smaller kernel or dilation, more padding or less striding before',
  });
}
