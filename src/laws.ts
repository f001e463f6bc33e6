import './tensor/tensor'; // says how tensors are made, which the ops need

export type { Law } from './laws/law';
export { type TransformLaw, type TransformLawsOptions, transformLaws } from './laws/transform-laws';
