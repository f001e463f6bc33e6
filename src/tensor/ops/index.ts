// The list of ops: those that are methods as well, and one line each for the others.

export { type AttentionOptions, attention, selfAttention } from './attention/attention';
export { type RotaryOptions, rotary } from './attention/rotary';
export {
  arange,
  eye,
  full,
  linspace,
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
export { diag } from './movement/diag';
export { flip } from './movement/flip';
export { gather } from './movement/gather';
export { oneHot } from './movement/one-hot';
export { repeat } from './movement/repeat';
export { roll } from './movement/roll';
export { type ScatterOptions, scatter } from './movement/scatter';
export { split } from './movement/slice';
export { takeAlong } from './movement/take-along';
export { tile } from './movement/tile';
export { triu } from './movement/tril';
export { type ConvTranspose2dOptions, convTranspose2d } from './products/conv-transpose2d';
export { type Conv1dOptions, conv1d } from './products/conv1d';
export { type Conv2dOptions, conv2d } from './products/conv2d';
export { einsum } from './products/einsum';
export { linear } from './products/linear';
export type { MatmulOptions } from './products/matmul';
export { outer } from './products/outer';
export type { Pair } from './products/patches';
export { dropout } from './random/dropout';
export type { IntegersOptions } from './random/integers';
export { random } from './random/random';
export { type RoundStochasticallyOptions, roundStochastically } from './random/round-stochastically';
export { all, any } from './reductions/any';
export { type ArgmaxOptions, argmin } from './reductions/argmax';
export { avgPool } from './reductions/avg-pool';
export { type HuberOptions, huber } from './reductions/huber';
export { maxPool } from './reductions/max-pool';
export { mseLoss } from './reductions/mse-loss';
export { type NormOptions, norm } from './reductions/norm';
export type { PoolOptions } from './reductions/pool';
export { prod } from './reductions/prod';
export type { ReduceOptions } from './reductions/reduce';
export { std } from './reductions/std';
export type { VarianceOptions } from './reductions/variance';
export { type BceWithLogitsOptions, bceWithLogits } from './rows/bce-with-logits';
export { type CrossEntropyOptions, crossEntropy } from './rows/cross-entropy';
export type { CumsumOptions } from './rows/cumsum';
export { klDivergence } from './rows/kl-divergence';
export { type LayerNormOptions, layerNorm } from './rows/layer-norm';
export { nll } from './rows/nll';
export { type RmsNormOptions, rmsNorm } from './rows/rms-norm';
export type { SoftmaxOptions } from './rows/softmax';
export { argsort, type Sorted, type SortOptions, sort } from './rows/sort';
export type { TopK } from './rows/top-k';
