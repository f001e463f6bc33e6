/**
 * What every implementation of a contract owes, for any test runner. Needs fast-check.
 * @module floragrad/laws
 */
import './tensor/methods'; // gives tensors their methods

export type { AdapterRow, AdapterTraining, Host } from './laws/adapter/case';
export { adapterLaws } from './laws/adapter/laws';
export type { Arbitrary } from './laws/arbitrary';
export { backendLaws } from './laws/backend/laws';
export type { Law, LawOptions } from './laws/law';
export { constant, type Input, ids, type OpCase, opCase, positive, real, spaced } from './laws/op/case';
export { type OpRow, opLaws } from './laws/op/laws';
export { broadcasting, elementwise, type ReducingOptions, reducing } from './laws/op/rows';
export { broadcastShapesOf, type Extents, reductions, shapeAndAxis, shapesOf } from './laws/op/shapes';
export type { ProjectorCase } from './laws/projector/case';
export { type ProjectorLawsOptions, projectorCases, projectorLaws } from './laws/projector/laws';
export { type TransformLawName as TransformLaw, type TransformLawsOptions, transformLaws } from './laws/transform/laws';
