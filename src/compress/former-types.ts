import type { KeyedProjection } from './keyed';
import type { SelectedProjection } from './maps/selection-maps';

// Types of one meaning that had a name for each projector.

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
