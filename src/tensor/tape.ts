import type { Scope } from './scope';
import type { Tensor } from './tensor';
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

/** The values from before a step that its pullback may look at. */
export function readBy({ inputs, constants = [] }: Step): Set<Value> {
  return new Set([...inputs, ...constants]);
}

/** A step on one tape, with the track of its output. */
export interface Node {
  readonly step: Step;
  readonly track: Track;
}

/** "This value depends on what that tape differentiates with respect to", and its cotangent once the walk gets here. */
export interface Track {
  readonly tape: Tape;
  cotangent: Tensor | null;
  next: Track | null;
}

/** The ops between the watched values and the loss, in the order they ran. One per derivative being taken. */
export class Tape {
  readonly nodes: Node[] = [];
  /** What the tapes it stands in for track and a recorded op has read, in that order. */
  readonly leaves: Value[] = [];
  /** Still needed: scopes inside must hand over what this tape has saved. */
  open = true;
  constructor(
    readonly scope: Scope,
    readonly depth: number,
    /** Whatever these track is watched as well, from the first op on that reads it. */
    private readonly standsFor: readonly Tape[] = [],
    /** Only note what is read and what depends on it; write no steps down, keep nothing alive. */
    private readonly notesOnly = false,
  ) {}

  /** Differentiate with respect to this value. */
  watch(value: Value): Track {
    let outer = value.tracks;
    while (outer && !outer.tape.open) outer = outer.next; // forget finished tapes
    value.tracks = { tape: this, cotangent: null, next: outer };
    return value.tracks;
  }

  /** Finished: forget the ops and, at the values it differentiated with respect to, their gradients. */
  close(watched: readonly Value[]): void {
    this.open = false;
    this.nodes.length = 0;
    for (const value of watched) unlink(value, this);
  }

  trackOf(value: Value): Track | null {
    for (let track = value.tracks; track; track = track.next) if (track.tape === this) return track;
    return null;
  }

  tracks(value: Value): boolean {
    return this.trackOf(value) !== null || this.standsFor.some((tape) => tape.tracks(value));
  }

  append(step: Step): void {
    for (const input of step.inputs) {
      if (this.trackOf(input) || !this.tracks(input)) continue;
      this.watch(input);
      this.leaves.push(input);
    }
    const track = this.watch(step.output);
    if (this.notesOnly) return;
    this.nodes.push({ step, track });
    for (const value of step.inputs) this.save(value);
    for (const value of step.saved) this.save(value);
    this.save(step.output);
  }

  private save(value: Value): void {
    if (!value.savedBy?.open || value.savedBy.depth > this.depth) value.savedBy = this;
  }
}

function unlink(value: Value, tape: Tape): void {
  if (value.tracks?.tape === tape) value.tracks = value.tracks.next;
  for (let track = value.tracks; track?.next; track = track.next) {
    if (track.next.tape === tape) track.next = track.next.next;
  }
}

/** The tapes that record now, outermost first. Empty: ops run without any bookkeeping. */
let recording: Tape[] = [];

export function recordingTapes(): readonly Tape[] {
  return recording;
}

/** Record on `tape` (null: on none) while `fn` runs. */
export function recordOn<T>(tape: Tape | null, fn: () => T): T {
  const before = recording;
  recording = tape ? [...before, tape] : [];
  try {
    return fn();
  } finally {
    recording = before;
  }
}

/** Is a derivative being taken with respect to something that one of these depends on? */
export function isTracked(values: readonly Value[]): boolean {
  return recording.some((tape) => values.some((value) => tape.tracks(value)));
}

/** Who wants to know what ops read, recorded or not. */
let reading: ((value: Value) => void) | null = null;

/** Tell `listener` of every value that an op reads while `fn` runs; listeners further out are told as well. */
export function whileReading<T>(listener: (value: Value) => void, fn: () => T): T {
  const outer = reading;
  reading = outer
    ? (value) => {
        outer(value);
        listener(value);
      }
    : listener;
  try {
    return fn();
  } finally {
    reading = outer;
  }
}

export function noteRead(value: Value): void {
  if (reading !== null) reading(value);
}

/** Append a step to every recording tape that tracks one of its inputs. */
export function recordStep(step: Step): void {
  for (const tape of recording) if (step.inputs.some((input) => tape.tracks(input))) tape.append(step);
}
