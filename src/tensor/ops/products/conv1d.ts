import { type OptionsOf, optional, readOptions, refuseExtra, whole } from '../../../base/options';
import type { Tensor } from '../../tensor';
import { reshape, squeeze, unsqueeze } from '../movement/reshape';
import { convolve } from './conv2d';
import { checkChannels, checkOperands, convolutionOptions, withBias } from './convolution';

export const conv1dOptions = {
  /** Positions from one output to the next (default 1). */
  stride: optional(whole({ low: 1, high: 2 ** 24 }), 1),
  /** Zeros on each side (default 0). */
  padding: optional(whole({ low: 0, high: 2 ** 24 }), 0),
  /** Positions from one element of the kernel to the next (default 1). */
  dilation: optional(whole({ low: 1, high: 2 ** 24 }), 1),
  /** Parts of the channels that do not see each other (default 1). */
  groups: convolutionOptions.groups,
};

/** Steps, borders, gaps and groups. */
export interface Conv1dOptions extends OptionsOf<typeof conv1dOptions> {}

/**
 * `conv2d` of one axis: each output is a dot product of w with the stretch of x under it, plus the bias.
 * Shapes: x [N, C, L], w [O, C/groups, k], bias [O] → [N, O, l], l = ⌊(L + 2·padding − dilation·(k − 1) − 1)/stride⌋ + 1.
 * @throws ShapeError `conv2d/shapes`, `conv2d/kernel-size`
 * @throws OptionError `options/range`, `options/unknown`
 * @example
 * const differences = conv1d(tensor([[[1, 4, 9, 16]]]), tensor([[[-1, 1]]]));
 * console.log(await differences.array()); // prints [ [ [ 3, 5, 7 ] ] ]
 */
export function conv1d(x: Tensor, w: Tensor, bias?: Tensor, options: Conv1dOptions = {}): Tensor {
  if (arguments.length > 4) refuseExtra('conv1d', arguments, 4);
  checkOperands('conv1d', [x, w, bias]);
  const { stride, padding, dilation, groups } = readOptions('conv1d', conv1dOptions, options, 'x, w, bias');
  const [outputs, channels, length] = w.shape as readonly [number, number, number];
  checkChannels('conv1d', [x, w, bias], [channels * groups, outputs], groups, 'x [N, C, L], w [O, C/groups, k]');
  const y = convolve('conv1d', unsqueeze(x, 2), reshape(w, [outputs, channels, 1, length]), {
    kernel: [1, length],
    stride: [1, stride],
    padding: [0, padding],
    dilation: [1, dilation],
    groups,
  });
  return withBias(squeeze(y, 2), bias);
}
