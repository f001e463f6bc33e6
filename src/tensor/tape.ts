import { mapTuple, type Tuple } from '../base/tuple';
import type { Op } from './op';
import type { Scope } from './scope';
import type { Tensor } from './tensor';
import type { Value } from './value';

/** Cotangents of an op's inputs, each computed only if somebody wants it; null: the op has no derivative there. */
export type Cotangents = readonly ((() => Tensor) | null)[];

/** One recorded op. Holds values, not tensors: a parameter that is assigned later leaves the tape right. */
export interface Node {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly output: Value;
  readonly track: Track;
  /** The vjp of the op with what it saved. */
  pullback(g: Tensor): Cotangents;
  /** The composed definition on other inputs, for ops that are fused; see `Op.composed`. */
  readonly recompute: ((inputs: readonly Tensor[]) => Tensor) | null;
}

/** "This value depends on what that tape differentiates with respect to", and its cotangent once the walk gets here. */
export interface Track {
  readonly tape: Tape;
  cotangent: Tensor | null;
  readonly next: Track | null;
}

/** The ops between the watched values and the loss, in the order they ran. One per derivative being taken. */
export class Tape {
  readonly nodes: Node[] = [];
  /** Still needed: scopes inside must hand over what this tape has saved. */
  open = true;
  constructor(
    readonly scope: Scope,
    readonly depth: number,
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
    for (const value of watched) if (value.tracks?.tape === this) value.tracks = value.tracks.next;
  }

  trackOf(value: Value): Track | null {
    for (let track = value.tracks; track; track = track.next) if (track.tape === this) return track;
    return null;
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
  return recording.some((tape) => values.some((value) => tape.trackOf(value)));
}

/** Append an op to every recording tape that tracks one of its inputs. */
export function record<N extends number, A>(
  op: Op<N, A>,
  inputs: Tuple<N, Value>,
  output: Value,
  attributes: A,
  asTensor: (value: Value) => Tensor,
): void {
  const { composed } = op;
  for (const tape of recording) {
    if (!inputs.some((input) => tape.trackOf(input))) continue;
    tape.nodes.push({
      name: op.name,
      inputs,
      output,
      track: tape.watch(output),
      pullback: (g) =>
        op.vjp(g, mapTuple<N, Value, Tensor>(inputs, asTensor), { output: asTensor(output), attributes }),
      recompute: composed ? (xs) => composed(xs as Tuple<N, Tensor>, attributes) : null,
    });
    for (const value of [...inputs, output]) {
      if (!value.savedBy?.open || value.savedBy.depth > tape.depth) value.savedBy = tape;
    }
  }
}
