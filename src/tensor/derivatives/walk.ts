import { inPhase } from '../inspect/profile';
import { release } from '../lifetime';
import { add } from '../ops/elementwise/add';
import { reshape } from '../ops/movement/reshape';
import { runInScope } from '../scope';
import type { Cotangents, Step, Tape } from '../tape';
import type { Tensor } from '../tensor';
import { type Track, trackOf } from '../track';
import { lastValueId, type Value } from '../value';

/** What else happens on a walk back. */
interface Visitor {
  /** Runs the pullback of a step. */
  around<T>(step: Step, pullBack: () => T): T;
  /** The step is done, also if no cotangent has reached it. */
  after(step: Step): void;
}

const justWalk: Visitor = { around: (_, pullBack) => pullBack(), after: () => {} };
const none: ReadonlySet<Value> = new Set();

/**
 * Reverse accumulation: visit the recorded steps last to first, pull each output's cotangent back and add it up at the
 * inputs. The order in which ops ran is one in which every value comes after what it was made of, so when a step is
 * visited, all that used its output has been: its cotangent is complete. A loop, so that a tape of any length is walked
 * without recursion. What a step has passed on is freed at once, unless it survives or an outer tape needs it.
 *
 * The pullbacks call public ops. This tape no longer records; a tape of an outer derivative does, and so it can
 * differentiate the walk itself: that is how second derivatives come about.
 */
export function walkBack(tape: Tape, output: Tensor, seed: Tensor, survivors = none, visitor = justWalk): void {
  const start = trackOf(tape, output.value);
  if (!start) return; // the output does not depend on anything watched
  const drop = (value: Value): void => {
    if (!survivors.has(value)) release(tape, value);
  };
  start.cotangent = seed;
  for (let node = tape.nodes.pop(); node; node = tape.nodes.pop()) {
    const { step, track } = node;
    const g = track.cotangent;
    track.cotangent = null;
    if (g) {
      const before = lastValueId();
      const pull = () => runInScope(`${step.name} vjp`, () => addUp(tape, step, step.pullback(g, tape), before));
      inPhase('backward', step.name, () => visitor.around(step, pull));
      drop(g.value);
    }
    drop(step.output);
    step.saved.forEach(drop);
    visitor.after(step);
  }
}

/**
 * Adds cotangents to the inputs of a step: here the ways meet that lead from one value to the loss. Returns what it leaves
 * there, so that a scope around it frees the rest.
 */
function addUp(tape: Tape, step: Step, cotangents: Cotangents, before: number): Tensor[] {
  const tracks: Track[] = [];
  const stored: Value[] = [];
  for (let i = 0; i < step.inputs.length; i++) {
    const track = trackOf(tape, step.inputs[i] as Value);
    const cotangent = track && cotangents[i]?.();
    if (!track || !cotangent) continue;
    // An op may hand on what it got (add) or one tensor twice: each track needs a life of its own.
    const shared = cotangent.value.id <= before || stored.includes(cotangent.value);
    const own = shared ? reshape(cotangent, cotangent.shape) : cotangent;
    stored.push(own.value);
    tracks.push(track);
    const first = track.cotangent;
    track.cotangent = first ? add(first, own) : own;
    if (!first) continue;
    release(tape, first.value);
    release(tape, own.value);
  }
  return tracks.map((track) => track.cotangent as Tensor);
}
