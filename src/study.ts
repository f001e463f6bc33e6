/**
 * Projectors and transforms certified, and experiments on projection error: pure functions that return what they found.
 * @module floragrad/study
 */
import './tensor/methods'; // gives tensors their methods

export type { ProjectorCase } from './laws/projector/case';
export { type CheckProjectorOptions, checkProjector } from './laws/projector/check';
export { Report, type Verdict } from './laws/report';
export { type CheckTransformOptions, checkTransform } from './laws/transform/check';
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
export { type GradientFamily, type GradientFamilyName, gradientFamilies } from './study/gradient-families';
export { MeanTest, type MeanTestOptions } from './study/mean-test';
export { type MeanEstimate, medianOfMeans } from './study/median-of-means';
export {
  type ProjectionErrorOptions,
  type ProjectionErrorRow,
  projectionError,
  rounding,
} from './study/projection-error';
export { type RefreshRow, type RefreshTableOptions, refreshTable } from './study/refresh-table';
