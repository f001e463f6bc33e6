// The list of ops: one line each.

export { type AttentionOptions, attention, selfAttention } from './attention/attention';
export {
  arange,
  eye,
  full,
  type NestedArray,
  type NumericArray,
  ones,
  type TensorOptions,
  tensor,
  zeros,
} from './create';
export { abs } from './elementwise/abs';
export { add } from './elementwise/add';
export type { Operand } from './elementwise/binary';
export { cast } from './elementwise/cast';
export { clip } from './elementwise/clip';
export { equal, greater, greaterEqual, less, lessEqual } from './elementwise/compare';
export { div } from './elementwise/div';
export { erf } from './elementwise/erf';
export { exp } from './elementwise/exp';
export { type GeluOptions, gelu } from './elementwise/gelu';
export { log } from './elementwise/log';
export { maximum, minimum } from './elementwise/maximum';
export { mul } from './elementwise/mul';
export { neg } from './elementwise/neg';
export { pow } from './elementwise/pow';
export { relu } from './elementwise/relu';
export { rsqrt } from './elementwise/rsqrt';
export { sigmoid } from './elementwise/sigmoid';
export { sign } from './elementwise/sign';
export { silu } from './elementwise/silu';
export { sqrt } from './elementwise/sqrt';
export { square } from './elementwise/square';
export { stopGradient } from './elementwise/stop-gradient';
export { sub } from './elementwise/sub';
export { tanh } from './elementwise/tanh';
export { where } from './elementwise/where';
export { broadcastTo } from './movement/broadcast-to';
export { clone } from './movement/clone';
export { concat, stack } from './movement/concat';
export { gather } from './movement/gather';
export { pad } from './movement/pad';
export { reshape, squeeze, unsqueeze } from './movement/reshape';
export { slice, split } from './movement/slice';
export { takeAlong } from './movement/take-along';
export { transpose } from './movement/transpose';
export { tril } from './movement/tril';
export { type Conv2dOptions, conv2d } from './products/conv2d';
export { einsum } from './products/einsum';
export { linear } from './products/linear';
export { type MatmulOptions, matmul } from './products/matmul';
export type { Pair } from './products/patches';
export { dropout } from './random/dropout';
export { random } from './random/random';
export { type ArgmaxOptions, argmax } from './reductions/argmax';
export { max, min } from './reductions/max';
export { mseLoss } from './reductions/mse-loss';
export type { ReduceOptions } from './reductions/reduce';
export { mean, sum } from './reductions/sum';
export { type VarianceOptions, variance } from './reductions/variance';
export { crossEntropy } from './rows/cross-entropy';
export { type CumsumOptions, cumsum } from './rows/cumsum';
export { type LayerNormOptions, layerNorm } from './rows/layer-norm';
export { logSumExp } from './rows/log-sum-exp';
export { type RmsNormOptions, rmsNorm } from './rows/rms-norm';
export { logSoftmax, type SoftmaxOptions, softmax } from './rows/softmax';
export { type TopK, topK } from './rows/top-k';
