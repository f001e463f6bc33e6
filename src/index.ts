/**
 * The front door: tensors, derivatives, layers, gradient transforms and compression.
 * @module floragrad
 */
export * from './adapters';
export type { AttentionShape } from './backend/attention-layout';
export type {
  Accelerators,
  Activation,
  AdamFactors,
  Axes,
  Backend,
  Binary,
  Compare,
  FullBackend,
  Memory,
  Operand as BackendOperand,
  RandomMatrix,
  Reduction,
  Storage,
  Unary,
} from './backend/backend';
export { backend } from './backend/current';
export { referenceBackend } from './backend/reference';
export { setThreads } from './backend/set-threads';
export { type WasmOptions, wasmBackend } from './backend/wasm';
export type { Build } from './backend/wasm-module';
export type { Distribution, Sparse } from './base/distribution';
export type { DType, TypedArray } from './base/dtype';
export { BackendError, type ErrorParts, FileError, OptionError, ShapeError, StateError } from './base/errors';
export type { Key } from './base/key';
export type { Kind, Option, OptionsOf, Specification } from './base/options';
export type { Shape } from './base/shape';
export {
  type Combine,
  type CompressedLeaf,
  type CompressOptions,
  type CompressState,
  compress,
  lift,
  liftPlusRaw,
  type Moves,
} from './compress/compress';
export type { CoordinateProjection } from './compress/coordinates';
export type { ChosenProjection as NormCoordinatesProjection } from './compress/coordinates-by-norm';
export type { DrawnProjection } from './compress/coordinates-with-replacement';
export type { SketchProjection } from './compress/count-sketch';
export type { ExplicitProjection } from './compress/explicit';
export { type Filter, matrixFilter } from './compress/filter';
export { fixedSide } from './compress/fixed-side';
export { type FloraOptions, flora } from './compress/flora';
export { type FloraAccumulateOptions, type FloraAccumulateState, floraAccumulate } from './compress/flora-accumulate';
export type { GeneratedProjection } from './compress/generated-projector';
export type { HaarProjection } from './compress/haar';
export { matrixMaps } from './compress/matrix-projector';
export {
  compressedDimension,
  type Projection,
  type Projector,
  project,
  smallerSide,
} from './compress/projector';
export { projectors } from './compress/projectors';
export type { Side } from './compress/side';
export type { HadamardProjection } from './compress/srht';
export type { StoredProjection } from './compress/svd';
export {
  type GradientValues,
  type OneSidedPromises,
  oneSided,
  type SymmetricMoments,
  type Theory,
} from './compress/theory';
export type { ChosenProjection as TopCoordinatesProjection } from './compress/top-coordinates';
export type { TwoSidedProjection } from './compress/two-sided';
export * from './io';
export * from './nn';
export * from './optim';
export { customVjp, type VjpRule } from './tensor/custom-vjp';
export { type DebugOptions, debug } from './tensor/debug';
export { type Evaluated, grad, hvp, type Loss, valueAndGrad } from './tensor/grad';
export { type GradCheckOptions, type GradCheckReport, gradCheck } from './tensor/grad-check';
export type { GradientSink } from './tensor/gradient-sink';
export { linalg } from './tensor/linalg';
export type { Eigh } from './tensor/linalg/eigh';
export type { QR } from './tensor/linalg/qr';
export type { SVD, SvdOptions } from './tensor/linalg/svd';
export { memory } from './tensor/memory';
export { noGrad } from './tensor/no-grad';
export * from './tensor/ops';
export { type Phase, type Profile, type ProfileRow, profile } from './tensor/profile';
export { remat } from './tensor/remat';
export { keep, scope } from './tensor/scope';
export { setBackend } from './tensor/set-backend';
export { type Params, Tensor, type TensorJSON } from './tensor/tensor';
