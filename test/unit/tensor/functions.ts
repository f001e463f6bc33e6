import type { Tensor } from '../../../src/index';
import * as f from '../../../src/index';

const { random, tensor, sum, mul } = f;
export const at = (n: number, shape: number[]): Tensor => random.normal(random.key(n), shape);

/** Σ w ⊙ f(x) with a fixed random w, so that no symmetry hides a wrong vjp. */
export const weighed =
  (g: (x: Tensor) => Tensor) =>
  (x: Tensor): Tensor => {
    const y = g(x);
    return sum(mul(y, at(77, [...y.shape])));
  };

/** Every differentiable op as a function of one matrix [3, 4], for the tests of derivatives. Made on the current backend. */
export const functions: Record<string, (x: Tensor) => Tensor> = {
  add: (x) => f.add(x, at(1, [4])),
  addBroadcast: (x) => f.add(at(1, [2, 3, 4]), x),
  sub: (x) => f.sub(1, f.sub(x, at(1, [4]))),
  mul: (x) => f.mul(x, x),
  div: (x) => f.div(at(1, [3, 4]), f.add(x, 5)),
  pow: (x) => f.pow(f.add(x, 5), 1.7),
  powBoth: (x) => f.pow(f.add(x, 5), f.mul(x, 0.3)),
  exp: f.exp,
  log: (x) => f.log(f.add(x, 5)),
  sqrt: (x) => f.sqrt(f.add(x, 5)),
  rsqrt: (x) => f.rsqrt(f.add(x, 5)),
  tanh: f.tanh,
  sigmoid: f.sigmoid,
  relu: f.relu,
  silu: f.silu,
  gelu: f.gelu,
  square: f.square,
  maximum: (x) => f.maximum(x, at(4, [3, 4])),
  where: (x) => f.where(f.greater(at(4, [3, 4]), 0), x, f.square(x)),
  matmul: (x) => f.matmul(x, at(2, [4, 5])),
  matmulNT: (x) => f.matmul(at(2, [5, 4]), x, { transposeB: true }),
  matmulTN: (x) => f.matmul(x, at(2, [3, 5]), { transposeA: true }),
  matmulTT: (x) => f.matmul(at(2, [3, 5]), x, { transposeA: true, transposeB: false }),
  matmulBatch: (x) => f.matmul(at(2, [2, 2, 3]), x),
  matmulSelf: (x) => f.matmul(x, x, { transposeB: true }),
  sumAxis: (x) => f.sum(x, { axis: 0 }),
  meanKeep: (x) => f.mean(x, { axis: -1, keepDims: true }),
  max: (x) => f.max(x, { axis: 0 }),
  min: (x) => f.min(x),
  variance: (x) => f.variance(x, { axis: 1 }),
  reshape: (x) => f.reshape(x, [2, 6]),
  transpose: (x) => f.transpose(x),
  slice: (x) => f.slice(x, [1, 0], [3, -1]),
  concat: (x) => f.concat([x, at(1, [3, 2]), x], 1),
  broadcastTo: (x) => f.broadcastTo(f.reshape(x, [3, 1, 4]), [3, 5, 4]),
  tril: (x) => f.tril(x),
  gather: (x) => f.gather(x, tensor([0, 2, 2, 1], { dtype: 'int32' })),
  softmax: (x) => f.softmax(x),
  softmaxAxis0: (x) => f.softmax(x, { axis: 0 }),
  logSoftmax: (x) => f.logSoftmax(x),
  layerNorm: (x) => f.layerNorm(x, at(5, [4]), at(6, [4])),
  layerNormWeight: (x) => f.layerNorm(at(7, [5, 4]), f.sum(x, { axis: 0 }), f.mean(x, { axis: 0 })),
  crossEntropy: (x) => f.crossEntropy(x, tensor([1, 0, 3], { dtype: 'int32' })),
  attention: (x) => f.attention(x, f.mul(x, 0.5), f.tanh(x), { causal: true }),
  powZeroExponents: (x) => f.pow(f.add(x, 5), tensor([0, 1, 2, 3])),
  erf: f.erf,
  geluExact: (x) => f.gelu(x, { exact: true }),
  clone: f.clone,
  pad: (x) =>
    f.pad(
      x,
      [
        [1, 0],
        [0, 2],
      ],
      -3,
    ),
  logSumExp: (x) => f.logSumExp(f.mul(x, 3), { axis: 1 }),
  logSumExpAll: (x) => f.logSumExp(x, { keepDims: true }),
  cumsum: (x) => f.cumsum(f.square(x), { axis: 0 }),
  cumsumFlat: (x) => f.cumsum(f.square(x)),
  topK: (x) => f.square(f.topK(x, 2).values),
  rmsNorm: (x) => f.rmsNorm(x, at(5, [4])),
  rmsNormWeight: (x) => f.rmsNorm(at(7, [5, 4]), f.sum(x, { axis: 0 })),
  matmulVector: (x) => f.matmul(at(2, [3]), f.matmul(x, at(3, [4, 2]))),
  vectorMatmul: (x) => f.matmul(f.square(x), f.sum(x, { axis: 0 })),
  dotProduct: (x) => f.matmul(f.reshape(x, [12]), f.reshape(f.tanh(x), [12])),
  einsumChain: (x) => f.einsum('ij,jk,ik->kj', x, at(1, [4, 5]), f.einsum('ij,jk', x, at(2, [4, 5]))),
  einsumEllipsis: (x) => f.einsum('...j,...kj->k...', x, at(1, [2, 1, 5, 4])),
  einsumDiagonal: (x) =>
    f.einsum('ijij,ij->j', f.reshape(f.mul(f.reshape(x, [12, 1]), f.reshape(x, [12])), [3, 4, 3, 4]), x),
  einsumRows: (x) => f.einsum('ij,ij->i', x, f.tanh(x)),
  conv2d: (x) => f.conv2d(f.reshape(x, [1, 1, 3, 4]), at(1, [2, 1, 2, 2]), at(2, [2]), { padding: 1, stride: [2, 1] }),
  conv2dWeight: (x) => f.conv2d(at(1, [2, 3, 4, 5]), f.reshape(x, [2, 3, 1, 2]), f.sum(x, { axis: 0 }).slice([0], [2])),
  conv2dBoth: (x) =>
    f.conv2d(f.reshape(x, [1, 2, 2, 3]), f.reshape(f.tanh(x), [3, 2, 2, 1]), undefined, { padding: [0, 1] }),
};
