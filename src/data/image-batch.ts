import { allocate } from '../base/dtype';
import { ShapeError } from '../base/errors';
import {
  checkArgument,
  either,
  finite,
  inMessage,
  type Kind,
  kindOf,
  listOf,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
} from '../base/options';
import { type Shape, shapeKind, sizeOf } from '../base/shape';
import { fromArray } from '../tensor/ops/create';
import type { Tensor } from '../tensor/tensor';

const pixelsKind = kindOf<Uint8Array | Uint8ClampedArray>(
  'a Uint8Array or a Uint8ClampedArray',
  (value) => value instanceof Uint8Array || value instanceof Uint8ClampedArray,
);
const spread = number({ low: Number.MIN_VALUE });

const imagesKind: Kind<Shape> = {
  ...shapeKind,
  expected: 'four whole numbers ≥ 0, [N, H, W, C]',
  fits: (value): value is Shape => shapeKind.fits(value) && value.length === 4,
  like: '[1, 28, 28, 1]',
};

const imageBatchOptions = {
  /** Images, height, width and channels of the bytes: [N, H, W, C]. A canvas has 4 channels, greyscale 1. */
  shape: required(imagesKind),
  /** What is taken away from the values in [0, 1]: a number, or one for each channel (default 0). */
  mean: optional(either(finite, listOf(finite)), 0),
  /** What they are divided by then (default 1). */
  std: optional(either(spread, listOf(spread)), 1),
};

/** The shape of the bytes, and how to normalise. */
export interface ImageBatchOptions extends OptionsOf<typeof imageBatchOptions> {}

/**
 * Images as `conv2d` takes them, out of bytes as canvases, decoders and raw files have them: (byte/255 − mean)/std.
 * Shapes: N·H·W·C bytes, the channels of a pixel side by side → float32 [N, C, H, W].
 *
 * For a canvas: `imageBatch(context.getImageData(0, 0, W, H).data, { shape: [1, H, W, 4] }).slice([0, 0], [1, 3])`, which
 * leaves the opacity out. For a file of MNIST's format: `imageBatch(bytes.subarray(16), { shape: [N, 28, 28, 1] })`.
 * @throws ShapeError `image/bytes` unless there are as many bytes, and as many means and deviations as channels
 * @example
 * const pixels = Uint8Array.of(255, 0, 0, 255, 255, 0); // a red pixel and a yellow one
 * const images = imageBatch(pixels, { shape: [1, 1, 2, 3] });
 * console.log(images.shape, [...images.dataSync()]); // prints [ 1, 3, 1, 2 ] [ 1, 1, 0, 1, 0, 0 ]
 */
export function imageBatch(bytes: Uint8Array | Uint8ClampedArray, options: ImageBatchOptions): Tensor {
  if (arguments.length > 2) refuseExtra('imageBatch', arguments, 2);
  checkArgument('imageBatch', 'bytes', pixelsKind, bytes);
  const { shape, mean, std } = readOptions('imageBatch', imageBatchOptions, options, 'bytes');
  const [n, height, width, channels] = shape as [number, number, number, number];
  const fits = (x: number | readonly number[]): boolean => typeof x === 'number' || x.length === channels;
  if (bytes.length !== sizeOf(shape) || !fits(mean) || !fits(std)) throw misfit(bytes.length, shape, mean, std);
  const pixels = height * width;
  const values = allocate('float32', bytes.length, 'imageBatch');
  for (let c = 0; c < channels; c++) {
    const [shift, scale] = [ofChannel(mean, c), ofChannel(std, c)];
    for (let image = 0; image < n; image++) {
      const [from, to] = [image * pixels * channels + c, (image * channels + c) * pixels];
      for (let p = 0; p < pixels; p++) values[to + p] = ((bytes[from + p * channels] as number) / 255 - shift) / scale;
    }
  }
  return fromArray(values, [n, channels, height, width]);
}

function ofChannel(x: number | readonly number[], channel: number): number {
  return typeof x === 'number' ? x : (x[channel] as number);
}

function misfit(bytes: number, shape: Shape, mean: unknown, std: unknown): ShapeError {
  return new ShapeError({
    code: 'image/bytes',
    got: `imageBatch got ${bytes} bytes, shape ${inMessage(shape)}, mean ${inMessage(mean)} and std ${inMessage(std)}`,
    expected: 'N·H·W·C bytes for [N, H, W, C], and a number, or C of them, as mean and std',
    fix: 'leave out the header of a file, and look up how many channels a pixel has',
  });
}
