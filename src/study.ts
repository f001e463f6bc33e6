/**
 * Projectors and transforms certified, and experiments on projection error: pure functions that return what they found.
 * @module floragrad/study
 */
import './tensor/methods'; // gives tensors their methods

export type { ProjectorCase } from './laws/projector/case';
export { type CheckProjectorOptions, checkProjector } from './laws/projector/check';
export { Report, type Verdict } from './laws/report';
export { type CheckTransformOptions, checkTransform } from './laws/transform/check';
export type { AgedRow } from './study/aged-cells';
export type { CompressionMeasures } from './study/compression-measures';
export { type EffectiveNoiseOptions, effectiveNoise } from './study/effective-noise';
export {
  type Curve,
  type CurvePoint,
  type CurvesOptions,
  curvesFigure,
  type Figure,
  type FigureAxis,
  type FigureLevel,
  type VegaLiteSpec,
} from './study/figure';
export { type GradientConflicts, type GradientConflictsOptions, gradientConflicts } from './study/gradient-conflicts';
export { type GradientFamily, type GradientFamilyName, gradientFamilies } from './study/gradient-families';
export { type HeadRankRow, headRank, type PackedHeads } from './study/head-rank';
export {
  type AdapterIntruders,
  adapterIntruders,
  type IntruderDimensions,
  type IntruderOptions,
  intruderDimensions,
  type MitigateIntrudersOptions,
  mitigateAdapterIntruders,
  mitigateIntruders,
} from './study/intruders';
export { MeanTest, type MeanTestOptions } from './study/mean-test';
export { type MeanEstimate, medianOfMeans } from './study/median-of-means';
export type { LinearCore, Method, MethodSettings } from './study/methods/method';
export { type MethodBias, type MethodBiasOptions, type MethodBiasTest, methodBias } from './study/methods/method-bias';
export { type MethodName, methods } from './study/methods/methods';
export {
  type CompressionRow,
  type ObserveCompressionOptions,
  type ObservedCompression,
  observeCompression,
} from './study/observe-compression';
export {
  type ProjectionErrorOptions,
  type ProjectionErrorRow,
  projectionError,
  rounding,
} from './study/projection-error';
export type { Answer, Pause, Question, QuestionSpec } from './study/question';
export type { AccumulatedAt, AccumulatedRow } from './study/questions/accumulated';
export type { AveragingAt, AveragingRow } from './study/questions/averaging';
export type { BiasRow, BiasTest, BiasVerdict } from './study/questions/bias';
export type { BytesRow } from './study/questions/bytes';
export type { CosineRow } from './study/questions/cosine';
export type { EnergyRow } from './study/questions/energy';
export type { ErrorRow } from './study/questions/error';
export type { JlRow } from './study/questions/jl';
export type { MomentumAt, MomentumMeasured, MomentumRow } from './study/questions/momentum';
export { questions } from './study/questions/questions';
export type { RefreshRow } from './study/questions/refresh';
export type { Eigenvalue, SpectrumRow } from './study/questions/spectrum';
export type { StudiedGradient } from './study/studied-gradient';
export type { Column, Table } from './study/table';
export { type AdapterSpectrum, adapterSpectra, type UpdateSpectrum, updateSpectrum } from './study/update-spectrum';
