import { whileReading } from '../reads';
import { runInScope } from '../scope';
import { recordingTapes, recordOn, type Step } from '../tape';
import { type Recorder, trackOf, unwatch, watch } from '../track';
import { lastValueId, type Value } from '../value';

/**
 * Notes beside tapes, of a function that is one step on them (`remat`, `customVjp`): which values that they track it
 * reads. What depends on these is tracked as well, so that `isTracked` says inside the function what it would say outside;
 * but no step is written down and nothing is kept alive.
 */
export class Notes implements Recorder {
  /** What the tapes track and an op has read, in that order. */
  readonly read: Value[] = [];
  open = true;
  constructor(private readonly tapes: readonly Recorder[]) {}

  tracks(value: Value): boolean {
    return trackOf(this, value) !== null || this.tapes.some((tape) => tape.tracks(value));
  }

  append({ inputs, output }: Step): void {
    for (const input of inputs) {
      if (trackOf(this, input) || !this.tracks(input)) continue;
      watch(this, input);
      this.read.push(input);
    }
    watch(this, output);
  }

  close(): void {
    this.open = false;
    unwatch(this, this.read);
  }
}

/** What a function returned that no tape has recorded, and what it read that the tapes track. */
export interface Unrecorded<T> {
  readonly result: T;
  readonly read: readonly Value[];
  /** What it read that some tape tracks and that is not in `read`: through `stopGradient`, or inside `noGrad`. */
  readonly constants: readonly Value[];
}

/**
 * Run `fn` in a scope without recording it, for a caller that records a step of its own in its place. Notes stand in for
 * the tapes that were recording, so `read` also has what `fn` closes over; what `fn` reads through `stopGradient` or
 * inside `noGrad` is not in it.
 */
export function unrecorded<T>(name: string, fn: () => T): Unrecorded<T> {
  const notes = new Notes(recordingTapes());
  const before = lastValueId();
  const seen = new Set<Value>();
  const look = (value: Value): void => {
    if (value.tracks !== null && value.id <= before) seen.add(value);
  };
  try {
    const result = whileReading(look, () => recordOn(null, () => recordOn(notes, () => runInScope(name, fn))));
    for (const value of notes.read) seen.delete(value);
    return { result, read: [...notes.read], constants: [...seen] };
  } finally {
    notes.close();
  }
}
