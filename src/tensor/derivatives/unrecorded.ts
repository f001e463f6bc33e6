import { runInScope, type Scope } from '../scope';
import { recordingTapes, recordOn, Tape, whileReading } from '../tape';
import { lastValueId, type Value } from '../value';

/** What a function returned that no tape has recorded, and what it read that the tapes track. */
export interface Unrecorded<T> {
  readonly result: T;
  readonly read: readonly Value[];
  /** What it read that some tape tracks and that is not in `read`: through `stopGradient`, or inside `noGrad`. */
  readonly constants: readonly Value[];
}

/**
 * Run `fn` in a scope without recording it, for a caller that records a step of its own in its place. A tape that only
 * takes notes stands in for those that were recording, so `read` also has what `fn` closes over; what `fn` reads
 * through `stopGradient` or inside `noGrad` is not in it.
 */
export function unrecorded<T>(name: string, outside: Scope, fn: () => T): Unrecorded<T> {
  const notes = new Tape(outside, recordingTapes().length, recordingTapes(), true);
  const before = lastValueId();
  const seen = new Set<Value>();
  const look = (value: Value): void => {
    if (value.tracks !== null && value.id <= before) seen.add(value);
  };
  try {
    const result = whileReading(look, () => recordOn(null, () => recordOn(notes, () => runInScope(name, fn))));
    for (const value of notes.leaves) seen.delete(value);
    return { result, read: [...notes.leaves], constants: [...seen] };
  } finally {
    notes.close(notes.leaves);
  }
}
