import type { Backend, Operand, Storage } from '../../../backend/contract';
import { checkArgument, type Kind, kindOf, whole } from '../../../base/options';
import { type Shape, sizeOf, stridesOf } from '../../../base/shape';
import { apply, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';

/** A number for each axis of an image. */
export type Pair = readonly [vertical: number, horizontal: number];
type Images = readonly [batch: number, channels: number, height: number, width: number];

/** How a kernel moves over an image. */
export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  /** Zeros on each side. */
  readonly padding: Pair;
  /** Pixels from one element of the kernel to the next. */
  readonly dilation: Pair;
}

/** An option that is one number for both axes, or one for each. @throws OptionError `options/range` */
export function pairOf(where: string, name: string, x: number | Pair, low: number): Pair {
  checkArgument(where, name, pairKind(low), x);
  return typeof x === 'number' ? [x, x] : x;
}

/** One whole number ≥ `low` for both axes of an image, or one for each; images are never larger than 2^24 pixels wide. */
export function pairKind(low: number): Kind<number | Pair> {
  const { fits } = whole({ low, high: 2 ** 24 });
  return kindOf(
    `a whole number between ${low} and ${2 ** 24}, or two of them`,
    (value) => fits(value) || (Array.isArray(value) && value.length === 2 && fits(value[0]) && fits(value[1])),
    'options/range',
  );
}

/** Positions of the window: ⌊(extent + 2·padding − dilation·(kernel − 1) − 1)/stride⌋ + 1 along each axis. */
export function positions(shape: Shape, { kernel, stride, padding, dilation }: Window): [number, number] {
  const along = (axis: 0 | 1): number => {
    const reach = dilation[axis] * (kernel[axis] - 1) + 1;
    return Math.floor(((shape[axis + 2] as number) + 2 * padding[axis] - reach) / stride[axis]) + 1;
  };
  return [along(0), along(1)];
}

/** The patches as an array [C, kh, kw, N, h, w] of strided reads from the padded images. */
function layout(shape: Shape, window: Window): { padded: Images; shape: Shape; strides: number[] } {
  const [batch, channels, height, width] = shape as unknown as Images;
  const { kernel, stride, padding, dilation } = window;
  const padded = [batch, channels, height + 2 * padding[0], width + 2 * padding[1]] as const;
  const [image, plane, row, pixel] = stridesOf(padded) as [number, number, number, number];
  return {
    padded,
    shape: [channels, ...kernel, batch, ...positions(shape, window)],
    strides: [plane, dilation[0] * row, dilation[1] * pixel, image, stride[0] * row, stride[1] * pixel],
  };
}

/** The kernel calls of `patches`. */
function copyPatches(backend: Backend, x: Operand, window: Window): Storage {
  const { padded, shape, strides } = layout(x.shape, window);
  const [top, left] = window.padding;
  if (top + left === 0) return backend.strided(x, shape, strides, 0);
  const wide = { storage: backend.pad(x, [0, 0, top, left], padded, 0), shape: padded, dtype: x.dtype };
  const result = backend.strided(wide, shape, strides, 0);
  backend.free(wide.storage);
  return result;
}

const patchesOp: Primitive<[x: Tensor], Window> = {
  name: 'patches',
  kernel: (backend, [x], window) => copyPatches(backend, x, window),
  vjp: (g, [x], { attributes: window }) => [() => unpatches(g, x.shape, window)],
};

const unpatchesOp: Primitive<[columns: Tensor], Window> = {
  name: 'unpatches',
  kernel(backend, [x], window, images) {
    const { padded, shape, strides } = layout(images, window);
    const sums = backend.stridedAdd({ storage: x.storage, shape, dtype: x.dtype }, sizeOf(padded), strides, 0);
    const [top, left] = window.padding;
    if (top + left === 0) return sums;
    const wide = { storage: sums, shape: padded, dtype: x.dtype };
    const result = backend.strided(wide, images, stridesOf(padded), top * padded[3] + left);
    backend.free(sums);
    return result;
  },
  vjp: (g, _, { attributes: window }) => [() => patches(g, window)],
};

/**
 * All that a window sees of the images, a column for each of its positions; a strided copy, kh·kw/stride² times x.
 * Shapes: x [N, C, H, W] → [C·kh·kw, N·h·w].
 */
export function patches(x: Tensor, window: Window): Tensor {
  const [batch, channels] = x.shape as unknown as Images;
  const [height, width] = positions(x.shape, window);
  const [kh, kw] = window.kernel;
  return apply(patchesOp, [x], window, [channels * kh * kw, batch * height * width]);
}

/** The transpose of `patches`: each pixel of `images` [N, C, H, W] gets the sum of what stands at it in the columns of x. */
export function unpatches(x: Tensor, images: Shape, window: Window): Tensor {
  return apply(unpatchesOp, [x], window, images);
}
