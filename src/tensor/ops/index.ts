// The list of ops: one line each.
export { abs } from './abs';
export { add } from './add';
export { type ArgmaxOptions, argmax } from './argmax';
export { type AttentionOptions, attention, selfAttention } from './attention';
export type { Operand } from './binary';
export { broadcastTo } from './broadcast-to';
export { cast } from './cast';
export { clip } from './clip';
export { clone } from './clone';
export { equal, greater, greaterEqual, less, lessEqual } from './compare';
export { concat, stack } from './concat';
export { type Conv2dOptions, conv2d } from './conv2d';
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
export { crossEntropy } from './cross-entropy';
export { type CumsumOptions, cumsum } from './cumsum';
export { div } from './div';
export { dropout } from './dropout';
export { einsum } from './einsum';
export { erf } from './erf';
export { exp } from './exp';
export { gather } from './gather';
export { type GeluOptions, gelu } from './gelu';
export { type LayerNormOptions, layerNorm } from './layer-norm';
export { linear } from './linear';
export { log } from './log';
export { logSumExp } from './log-sum-exp';
export { type MatmulOptions, matmul } from './matmul';
export { max, min } from './max';
export { maximum, minimum } from './maximum';
export { mseLoss } from './mse-loss';
export { mul } from './mul';
export { neg } from './neg';
export { pad } from './pad';
export type { Pair } from './patches';
export { pow } from './pow';
export { random } from './random';
export type { ReduceOptions } from './reduce';
export { relu } from './relu';
export { reshape, squeeze, unsqueeze } from './reshape';
export { type RmsNormOptions, rmsNorm } from './rms-norm';
export { rsqrt } from './rsqrt';
export { sigmoid } from './sigmoid';
export { sign } from './sign';
export { silu } from './silu';
export { slice, split } from './slice';
export { logSoftmax, type SoftmaxOptions, softmax } from './softmax';
export { sqrt } from './sqrt';
export { square } from './square';
export { stopGradient } from './stop-gradient';
export { sub } from './sub';
export { mean, sum } from './sum';
export { tanh } from './tanh';
export { type TopK, topK } from './top-k';
export { transpose } from './transpose';
export { tril } from './tril';
export { type VarianceOptions, variance } from './variance';
export { where } from './where';
