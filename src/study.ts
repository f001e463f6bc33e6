/**
 * Experiments on projection error: pure functions that return rows.
 * @module floragrad/study
 */
import './tensor/tensor'; // says how tensors are made, which the ops need

export { type MeanEstimate, medianOfMeans } from './study/median-of-means';
export { type ProjectionErrorRow, projectionError, rounding } from './study/projection-error';
