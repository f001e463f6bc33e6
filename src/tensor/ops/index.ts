// The list of ops: those that are methods as well, and one line each for the others.

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
export { atan2 } from './elementwise/atan2';
export type { Operand } from './elementwise/binary';
export { ceil } from './elementwise/ceil';
export { cos } from './elementwise/cos';
export { type EluOptions, elu } from './elementwise/elu';
export { expm1 } from './elementwise/expm1';
export { floor } from './elementwise/floor';
export type { GeluOptions } from './elementwise/gelu';
export { isFiniteNumber as isFinite } from './elementwise/is-finite';
export { isNotANumber as isNaN } from './elementwise/is-nan';
export { type LeakyReluOptions, leakyRelu } from './elementwise/leaky-relu';
export { log1p } from './elementwise/log1p';
export { logicalAnd, logicalNot, logicalOr } from './elementwise/logical';
export { mish } from './elementwise/mish';
export { mod } from './elementwise/mod';
export { notEqual } from './elementwise/not-equal';
export { reciprocal } from './elementwise/reciprocal';
export { round } from './elementwise/round';
export { sin } from './elementwise/sin';
export { softplus } from './elementwise/softplus';
export { stopGradient } from './elementwise/stop-gradient';
export { tan } from './elementwise/tan';
export { where } from './elementwise/where';
export * from './methods';
export { concat, stack } from './movement/concat';
export { gather } from './movement/gather';
export { split } from './movement/slice';
export { takeAlong } from './movement/take-along';
export { type Conv2dOptions, conv2d } from './products/conv2d';
export { einsum } from './products/einsum';
export { linear } from './products/linear';
export type { MatmulOptions } from './products/matmul';
export type { Pair } from './products/patches';
export { dropout } from './random/dropout';
export { random } from './random/random';
export { type RoundStochasticallyOptions, roundStochastically } from './random/round-stochastically';
export type { ArgmaxOptions } from './reductions/argmax';
export { mseLoss } from './reductions/mse-loss';
export type { ReduceOptions } from './reductions/reduce';
export type { VarianceOptions } from './reductions/variance';
export { crossEntropy } from './rows/cross-entropy';
export type { CumsumOptions } from './rows/cumsum';
export { type LayerNormOptions, layerNorm } from './rows/layer-norm';
export { type RmsNormOptions, rmsNorm } from './rows/rms-norm';
export type { SoftmaxOptions } from './rows/softmax';
export type { TopK } from './rows/top-k';
