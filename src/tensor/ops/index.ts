// The list of ops: those that are methods as well, and one line each for the others.

export { type AttentionOptions, attention, selfAttention } from './attention/attention';
export { type RotaryOptions, rotary } from './attention/rotary';
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
export type { Operand } from './elementwise/binary';
export type { GeluOptions } from './elementwise/gelu';
export { stopGradient } from './elementwise/stop-gradient';
export { where } from './elementwise/where';
export * from './methods';
export { concat, stack } from './movement/concat';
export { gather } from './movement/gather';
export { split } from './movement/slice';
export { takeAlong } from './movement/take-along';
export { type ConvTranspose2dOptions, convTranspose2d } from './products/conv-transpose2d';
export { type Conv1dOptions, conv1d } from './products/conv1d';
export { type Conv2dOptions, conv2d } from './products/conv2d';
export { einsum } from './products/einsum';
export { linear } from './products/linear';
export type { MatmulOptions } from './products/matmul';
export type { Pair } from './products/patches';
export { dropout } from './random/dropout';
export type { IntegersOptions } from './random/integers';
export { random } from './random/random';
export { type RoundStochasticallyOptions, roundStochastically } from './random/round-stochastically';
export type { ArgmaxOptions } from './reductions/argmax';
export { avgPool } from './reductions/avg-pool';
export { type HuberOptions, huber } from './reductions/huber';
export { maxPool } from './reductions/max-pool';
export { mseLoss } from './reductions/mse-loss';
export type { PoolOptions } from './reductions/pool';
export type { ReduceOptions } from './reductions/reduce';
export type { VarianceOptions } from './reductions/variance';
export { type BceWithLogitsOptions, bceWithLogits } from './rows/bce-with-logits';
export { type CrossEntropyOptions, crossEntropy } from './rows/cross-entropy';
export type { CumsumOptions } from './rows/cumsum';
export { klDivergence } from './rows/kl-divergence';
export { type LayerNormOptions, layerNorm } from './rows/layer-norm';
export { nll } from './rows/nll';
export { type RmsNormOptions, rmsNorm } from './rows/rms-norm';
export type { SoftmaxOptions } from './rows/softmax';
export type { TopK } from './rows/top-k';
