import type { Tensor } from '../../../src/index';
import * as f from '../../../src/index';
import { type Attributes, type Compute, two } from './compute';

/** A convolution: operands, a bias perhaps, and the record of attributes as options. */
const convolution =
  (of: (x: Tensor, w: Tensor, bias: Tensor | undefined, options: object) => Tensor): Compute =>
  (attributes, x, w, bias) =>
    of(x as Tensor, w as Tensor, bias, attributes);

const pool =
  (of: (x: Tensor, window: f.Pair, options: object) => Tensor): Compute =>
  ({ window, ...options }, x) =>
    of(x as Tensor, window as f.Pair, options);

const weighed = ({ positiveWeight }: Attributes, weight: Tensor | undefined): object => ({
  positiveWeight: weight ?? positiveWeight,
});

/** The ops of `op-laws-images.json`. */
export const images: Record<string, Compute> = {
  avgPool: pool(f.avgPool),
  bceWithLogits: (attributes, x, t, w) => f.bceWithLogits(x as Tensor, t as Tensor, weighed(attributes, w)),
  conv1d: convolution(f.conv1d),
  conv2d: convolution(f.conv2d),
  convTranspose2d: convolution(f.convTranspose2d),
  crossEntropy: (attributes, x, t) => f.crossEntropy(x as Tensor, t as Tensor, attributes as object),
  huber: (attributes, a, b) => f.huber(a as Tensor, b as Tensor, attributes as object),
  klDivergence: (_, p, q) => f.klDivergence(f.logSoftmax(p as Tensor), f.logSoftmax(q as Tensor)),
  maxPool: pool(f.maxPool),
  nll: two(f.nll),
};
