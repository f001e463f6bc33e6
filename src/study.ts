/**
 * Projectors and transforms certified, and experiments on projection error: pure functions that return what they found.
 * @module floragrad/study
 */
import './tensor/tensor'; // says how tensors are made, which the ops need

export { type CheckProjectorOptions, checkProjector } from './study/check-projector';
export { type CheckTransformOptions, checkTransform } from './study/check-transform';
export { MeanTest, type MeanTestOptions } from './study/mean-test';
export { type MeanEstimate, medianOfMeans } from './study/median-of-means';
export {
  type ProjectionErrorOptions,
  type ProjectionErrorRow,
  projectionError,
  rounding,
} from './study/projection-error';
export type { ProjectorCase } from './study/projector-case';
export { Report, type Verdict } from './study/report';
