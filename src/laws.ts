/**
 * What every implementation of a contract owes, for any test runner. Needs fast-check.
 * @module floragrad/laws
 */
import './tensor/tensor'; // says how tensors are made, which the ops need

export type { Law } from './laws/law';
