import type { Step } from './tape';
import type { Tensor } from './tensor';
import type { Value } from './value';

/** What is told of the ops that run: a tape, or the notes of `derivatives/notes.ts`. */
export interface Recorder {
  /** Still at work: what it says of values counts. */
  readonly open: boolean;
  /** Whether a derivative with respect to something that this value depends on is being taken here. */
  tracks(value: Value): boolean;
  /** A step with an input that is tracked. */
  append(step: Step): void;
}

/**
 * A mark at a value: it depends on what that recorder watches. On a tape, the place where the value's cotangents add up
 * during the walk back. A value tracked by several recorders has a list of marks, the newest first.
 */
export interface Track {
  readonly by: Recorder;
  cotangent: Tensor | null;
  next: Track | null;
}

/** From now on the value is tracked. */
export function watch(by: Recorder, value: Value): Track {
  let outer = value.tracks;
  while (outer && !outer.by.open) outer = outer.next; // forget finished recorders
  value.tracks = { by, cotangent: null, next: outer };
  return value.tracks;
}

export function trackOf(by: Recorder, value: Value): Track | null {
  for (let track = value.tracks; track; track = track.next) if (track.by === by) return track;
  return null;
}

/** Forget, at values that live on, that they were tracked. */
export function unwatch(by: Recorder, values: readonly Value[]): void {
  for (const value of values) {
    if (value.tracks?.by === by) value.tracks = value.tracks.next;
    for (let track = value.tracks; track?.next; track = track.next) {
      if (track.next.by === by) track.next = track.next.next;
    }
  }
}
