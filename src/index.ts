export type { Backend, Memory } from './backend/backend';
export { backend } from './backend/current';
export { referenceBackend } from './backend/reference';
export { wasmBackend } from './backend/wasm';
export type { DType, TypedArray } from './base/dtype';
export { BackendError, FileError, OptionError, ShapeError, StateError } from './base/errors';
export type { Key } from './base/key';
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
export { type Filter, matrixFilter } from './compress/filter';
export { fixedSide } from './compress/fixed-side';
export { type FloraOptions, flora } from './compress/flora';
export { type FloraAccumulateOptions, type FloraAccumulateState, floraAccumulate } from './compress/flora-accumulate';
export { matrixMaps } from './compress/matrix-projector';
export {
  compressedDimension,
  type Projection,
  type Projector,
  project,
  type Side,
  smallerSide,
} from './compress/projector';
export { projectors } from './compress/projectors';
export { type GradientValues, oneSided, type SymmetricMoments, type Theory } from './compress/theory';
export * from './nn';
export * from './optim';
export { customVjp, type VjpRule } from './tensor/custom-vjp';
export { debug } from './tensor/debug';
export { grad, hvp, valueAndGrad } from './tensor/grad';
export { type GradCheckReport, gradCheck } from './tensor/grad-check';
export { linalg } from './tensor/linalg';
export { memory } from './tensor/memory';
export { noGrad } from './tensor/no-grad';
export * from './tensor/ops';
export { remat } from './tensor/remat';
export { keep, scope } from './tensor/scope';
export { setBackend } from './tensor/set-backend';
export { type Params, Tensor } from './tensor/tensor';
