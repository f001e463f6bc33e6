import './tensor/tensor'; // says how tensors are made, which the ops need

export { type CheckTransformOptions, checkTransform } from './study/check-transform';
export { type MeanEstimate, medianOfMeans } from './study/median-of-means';
export { type ProjectionErrorRow, projectionError, rounding } from './study/projection-error';
export { Report, type Verdict } from './study/report';
