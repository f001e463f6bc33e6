// Names of before, for one minor version (decisions 0020 and 0023): each is what it says, under another name.
import { mergeAdapters, removeAdapters, unmergeAdapters } from './adapters/merge';
import { liftUpdate } from './compress/flora';
import type { KeyedProjection } from './compress/keyed';
import type { SelectedProjection } from './compress/maps/selection-maps';
import { initializers } from './nn/initializers';
import { type MomentumOptions, type MomentumState, momentum } from './optim/parts/momentum';

/** @deprecated Use `initializers`. */
export const init = initializers;

/** @deprecated Use `liftUpdate`. */
export const lift = liftUpdate;

/** @deprecated Use `momentum`. */
export const trace = momentum;

/** @deprecated Use `MomentumOptions`. */
export type TraceOptions = MomentumOptions;

/** @deprecated Use `MomentumState`. */
export type TraceState = MomentumState;

/** @deprecated Use `mergeAdapters`. */
export const merge = mergeAdapters;

/** @deprecated Use `removeAdapters`. */
export const remove = removeAdapters;

/** @deprecated Use `unmergeAdapters`. */
export const unmerge = unmergeAdapters;

/** @deprecated Use `KeyedProjection`. */
export type GeneratedProjection = KeyedProjection;

/** @deprecated Use `KeyedProjection`. */
export type CoordinateProjection = KeyedProjection;

/** @deprecated Use `KeyedProjection`. */
export type DrawnProjection = KeyedProjection;

/** @deprecated Use `KeyedProjection`. */
export type SketchProjection = KeyedProjection;

/** @deprecated Use `KeyedProjection`. */
export type HaarProjection = KeyedProjection;

/** @deprecated Use `KeyedProjection`. */
export type HadamardProjection = KeyedProjection;

/** @deprecated Use `KeyedProjection`. */
export type TwoSidedProjection = KeyedProjection;

/** @deprecated Use `SelectedProjection`. */
export type NormCoordinatesProjection = SelectedProjection;

/** @deprecated Use `SelectedProjection`. */
export type TopCoordinatesProjection = SelectedProjection;
