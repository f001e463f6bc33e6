import './tensor/tensor'; // says how tensors are made, which the ops need

export { backendLaws } from './laws/backend-laws';
export type { Law } from './laws/law';
