// Names of before, for one minor version (decision 0023): each is what it says, under another name.
import { mergeAdapters, removeAdapters, unmergeAdapters } from './adapters/merge';
import { liftUpdate } from './compress/flora';
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
