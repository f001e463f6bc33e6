import { saveFor } from './lifetime';
import type { Scope } from './scope';
import type { Tensor } from './tensor';
import { type Recorder, type Track, trackOf, unwatch, watch } from './track';
import type { Value } from './value';

/** Cotangents of an op's inputs, each computed only if it is wanted; null: the op has no derivative there. */
export type Cotangents = readonly ((() => Tensor) | null)[];

/**
 * What a tape writes down of one op, or of a function that stands as one (`remat`, `customVjp`). Holds values, not
 * tensors: a parameter that is assigned later leaves the tape right.
 */
export interface Step {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly output: Value;
  /** Made for the pullback alone; freed as soon as that has run. */
  readonly saved: readonly Value[];
  /** What the pullback reads beside the inputs, if it runs a function again: as a constant, so it gets no cotangent. */
  readonly constants?: readonly Value[];
  /** The vjp with what it saved, for the tape that is walked back. */
  pullback(g: Tensor, tape: Tape): Cotangents;
}

/** A step on one tape, with the track of its output. */
export interface Node {
  readonly step: Step;
  readonly track: Track;
}

/**
 * The ops between the watched values and the loss, in the order they ran. One per derivative being taken: where a
 * derivative is taken inside another one, two tapes are open, and each records the steps that depend on its own watched
 * values. `append` is only called for an op with a tracked input, and tracks its output in turn, so a tape holds what the
 * loss can depend on and nothing else.
 */
export class Tape implements Recorder {
  readonly nodes: Node[] = [];
  /** Still needed: scopes inside must hand over what this tape has saved. */
  open = true;
  constructor(
    readonly scope: Scope,
    readonly depth: number,
  ) {}

  tracks(value: Value): boolean {
    return trackOf(this, value) !== null;
  }

  append(step: Step): void {
    this.nodes.push({ step, track: watch(this, step.output) });
    for (const value of step.inputs) saveFor(this, value);
    for (const value of step.saved) saveFor(this, value);
    saveFor(this, step.output);
  }

  /** Finished: forget the ops and, at the values it differentiated with respect to, their gradients. */
  close(watched: readonly Value[]): void {
    this.open = false;
    this.nodes.length = 0;
    unwatch(this, watched);
  }
}

/**
 * The tapes that record now, outermost first, and among them recorders of other kinds (`derivatives/notes.ts`). Empty: ops
 * run without any bookkeeping.
 */
let recording: Recorder[] = [];

export function recordingTapes(): readonly Recorder[] {
  return recording;
}

/** Record on `recorder` too (null: nowhere at all) while `fn` runs. */
export function recordOn<T>(recorder: Recorder | null, fn: () => T): T {
  const before = recording;
  recording = recorder ? [...before, recorder] : [];
  try {
    return fn();
  } finally {
    recording = before;
  }
}

/** Is a derivative being taken with respect to something that one of these depends on? */
export function isTracked(values: readonly Value[]): boolean {
  return recording.some((recorder) => values.some((value) => recorder.tracks(value)));
}

/** Append a step to everything that records and tracks one of its inputs. */
export function recordStep(step: Step): void {
  for (const recorder of recording) if (step.inputs.some((input) => recorder.tracks(input))) recorder.append(step);
}
