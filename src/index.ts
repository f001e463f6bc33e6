/**
 * The front door: tensors, derivatives, layers, gradient transforms and compression.
 * @module floragrad
 */
import './tensor/methods'; // gives tensors their methods

export * from './adapters';
export type { AttentionShape, AttentionSpec } from './backend/attention-spec';
export type {
  Accelerators,
  Activation,
  AdamFactors,
  Axes,
  Backend,
  Binary,
  Compare,
  ElementFunction,
  FullBackend,
  MapName,
  Memory,
  Operand as BackendOperand,
  QueriesKeysValues,
  RandomMatrix,
  Reduction,
  Storage,
  Unary,
} from './backend/contract';
export { backend } from './backend/current';
export { referenceBackend } from './backend/reference/backend';
export { type WasmOptions, wasmBackend } from './backend/wasm/backend';
export type { Build } from './backend/wasm/module';
export { setThreads } from './backend/wasm/threads/set-threads';
export type { Distribution, Sparse } from './base/distribution';
export type { DType, TypedArray } from './base/dtype';
export { BackendError, type ErrorParts, FileError, OptionError, ShapeError, StateError } from './base/errors';
export type { Key } from './base/key';
export type { Kind, Option, OptionsOf, Specification, ValuesOf } from './base/options';
export type { Shape } from './base/shape';
export { type YieldOptions, yieldToEventLoop } from './base/yield-to-event-loop';
export type { Combine, CompressedLeaf, Moves, RefreshOptions } from './compress/combine';
export { type CompressOptions, compress } from './compress/compress';
export { type CompressedSide, onSide } from './compress/compressed-side';
export { type ConGradOptions, type ConGradState, conGrad } from './compress/con-grad';
export { matrixFilter } from './compress/filter';
export { type FloraOptions, flora, liftPlusRaw, liftUpdate } from './compress/flora';
export { type FloraAccumulateOptions, type FloraAccumulateState, floraAccumulate } from './compress/flora-accumulate';
export type { KeyedProjection } from './compress/keyed';
export type { LeafRule, LeafStatistics } from './compress/leaf-rules';
export { liftPlusRest } from './compress/lift-plus-rest';
export { type LiftRecoveredOptions, liftRecovered } from './compress/lift-recovered';
export { liftScaled } from './compress/lift-scaled';
export type { LinearMaps } from './compress/maps/linear-maps';
export { matrixMaps } from './compress/maps/matrix-maps';
export type { SelectedProjection } from './compress/maps/selection-maps';
export * from './compress/methods';
export {
  compressedDimension,
  type Projection,
  type Projector,
  project,
  type RefreshContext,
  rankAxis,
  smallerSide,
} from './compress/projector';
export type { ExplicitProjection } from './compress/projectors/explicit';
export { fixedSide } from './compress/projectors/fixed-side';
export type { GeodesicOptions } from './compress/projectors/geodesic';
export { inUnits, type UnitProjection } from './compress/projectors/in-units';
export { type Laziness, type LazyRefreshOptions, lazyRefresh } from './compress/projectors/lazy-refresh';
export { projectors } from './compress/projectors/projectors';
export { type Quantisation, type QuantisedOptions, quantised } from './compress/projectors/quantised';
export type { StoredProjection } from './compress/projectors/svd';
export { withGain } from './compress/projectors/with-gain';
export { dequantise, type Quantised, type QuantiseOptions, quantise } from './compress/quantise';
export { type RotateMomentsOptions, rotateMoments } from './compress/rotate-moments';
export { scaleByChannels } from './compress/scale-by-channels';
export type { Side } from './compress/side';
export type { Carry, CompressState, OnRefresh } from './compress/subspace';
export {
  type GradientValues,
  type OneSidedPromises,
  oneSided,
  type SymmetricMoments,
  type Theory,
} from './compress/theory/theory';
export {
  type Batch,
  type BatchData,
  type Batches,
  type BatchesOptions,
  type BatchesState,
  batches,
} from './data/batches';
export {
  BytePairTokenizer,
  type BytePairTokenizerOptions,
  type TrainTokenizerOptions,
} from './data/byte-pair-tokenizer';
export { CharVocabulary } from './data/char-vocabulary';
export { type ImageBatchOptions, imageBatch } from './data/image-batch';
export { type TextBatch, TextDataset, type TextDatasetOptions } from './data/text-dataset';
export * from './deprecated';
export * from './io';
export * from './nn';
export * from './optim';
export type { Differentiable, GradientOf } from './tensor/derivatives/arguments';
export { customVjp, type VjpRule } from './tensor/derivatives/custom-vjp';
export { type ArgumentsOf, type GradientsAt, grad, hvp, valueAndGrad } from './tensor/derivatives/grad';
export { type GradCheckOptions, type GradCheckReport, gradCheck } from './tensor/derivatives/grad-check';
export type { GradientSink } from './tensor/derivatives/gradient-sink';
export { hessian, jacobian } from './tensor/derivatives/jacobian';
export { jvp } from './tensor/derivatives/jvp';
export { noGrad } from './tensor/derivatives/no-grad';
export type { Evaluated, Loss } from './tensor/derivatives/record-loss';
export { remat } from './tensor/derivatives/remat';
export { type Pullback, vjp } from './tensor/derivatives/vjp';
export { type DebugOptions, debug } from './tensor/inspect/debug';
export { memory } from './tensor/inspect/memory';
export { type Phase, type Profile, type ProfileRow, profile } from './tensor/inspect/profile';
export { linalg } from './tensor/linalg';
export type { Eigh } from './tensor/linalg/eigh';
export type { InverseRootOptions } from './tensor/linalg/inverse-root';
export type { NewtonSchulzCoefficients, OrthogonalizeOptions } from './tensor/linalg/orthogonalize';
export type { QR } from './tensor/linalg/qr';
export type { RandomizedSvdOptions } from './tensor/linalg/randomized-svd';
export type { RangeFinderOptions } from './tensor/linalg/range-finder';
export type { SubspaceIterationOptions } from './tensor/linalg/subspace-iteration';
export type { SVD, SvdOptions } from './tensor/linalg/svd';
export * from './tensor/ops';
export { keep, scope } from './tensor/scope';
export { setBackend } from './tensor/set-backend';
export { type ArraysOf, type Params, Tensor, type TensorJSON } from './tensor/tensor';
export * from './training';
