import { runInScope } from '../tensor/scope';
import { recordOn } from '../tensor/tape';
import type { Params } from '../tensor/tensor';

/**
 * What an observer sees of a step, before it is assigned: for each path the parameter as it was, its gradient and its
 * update. The tensors live until the observer returns; `keep(t)` what is to outlive it, or read it with `dataSync()`.
 */
export interface Observation {
  /** Number of the step, from 0. */
  readonly step: number;
  /** What the transform got. */
  readonly gradients: Params;
  /** What it made of them: parameter ← parameter + update. */
  readonly updates: Params;
  /** The parameters that are trained; those of `updates` have their values before the step. */
  readonly parameters: Params;
}

/** Looks at gradients and updates. */
export type Observer = (seen: Observation) => void;

/**
 * Let the observer look; nothing that it does is recorded, and what it makes is freed. It gets records of its own, so that
 * it cannot change the step.
 * @throws StateError `scope/async` if it returns a promise
 */
export function showTo(observe: Observer | undefined, seen: Observation): void {
  if (!observe) return;
  const { gradients, updates } = seen;
  recordOn(null, () =>
    runInScope('observe', () => observe({ ...seen, gradients: { ...gradients }, updates: { ...updates } })),
  );
}
