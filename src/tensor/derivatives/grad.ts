import { ShapeError } from '../../base/errors';
import { callable, checkArgument, isThenable, optional, readOptions, refuseExtra } from '../../base/options';
import { sameShape, show } from '../../base/shape';
import { checkParams } from '../check';
import { inPhase } from '../inspect/profile';
import { checkFloat } from '../op';
import { ones, zeros } from '../ops/create';
import { add } from '../ops/elementwise/add';
import { mul } from '../ops/elementwise/mul';
import { reshape } from '../ops/movement/reshape';
import { sum } from '../ops/reductions/sum';
import { asyncScope, currentScope, free, runInScope, type Scope } from '../scope';
import { type Cotangents, recordingTapes, recordOn, type Step, Tape, type Track } from '../tape';
import type { Params, Tensor } from '../tensor';
import { forEachTensor, isTensor } from '../tree';
import { lastValueId, type Value } from '../value';
import { type GradientSink, Readers, refusing } from './gradient-sink';

/** What a differentiated function returns: the loss, and anything else that leaves the scope alive. */
export interface Evaluated {
  /** The loss, as the function returned it. */
  readonly value: Tensor;
  /** What the function returned as `aux`, with its tensors alive. */
  readonly aux?: unknown;
}

/** A scalar to differentiate, alone or with anything else that leaves the scope alive. */
export type Loss =
  | Tensor
  | {
      /** The scalar. */
      loss: Tensor;
      /** Arrays, records and modules are searched for tensors. */
      aux?: unknown;
    };

/**
 * Value and gradient of a scalar function.
 *
 * `valueAndGrad(f)(x)` differentiates f with respect to its argument alone. `valueAndGrad(() => loss, params)`
 * differentiates with respect to these tensors, by identity; parameters the loss does not use get zeros. The function
 * may return `{ loss, aux }` to bring other tensors out. All tensors made inside are freed, apart from the results.
 *
 * With a `sink` no record of gradients is made: it gets each one as soon as nothing that is left of the backward pass
 * reads the parameter, those of the last layers first, and may assign to that parameter. An exception in it ends the
 * pass; what it has done until then stays done.
 *
 * Shapes: every gradient has the shape of its parameter.
 * @throws ShapeError `grad/scalar` when the loss is not a single number
 * @throws StateError `grad/sink-assigned` when a vjp closes over a parameter that the sink has assigned
 * @example
 * const params = { w: tensor([2, 3]) };
 * const { value, grads } = valueAndGrad(() => params.w.square().sum(), params);
 * console.log(await value.item(), await grads.w.array()); // prints 13 [ 4, 6 ]
 */
export function valueAndGrad(f: (x: Tensor) => Loss): (x: Tensor) => Evaluated & {
  /** ∂loss/∂x */
  grads: Tensor;
};
export function valueAndGrad<P extends Params>(
  f: () => Loss,
  params: P,
): Evaluated & {
  /** ∂loss/∂parameter under the path of each parameter. */
  grads: { readonly [Path in keyof P]: Tensor };
};
export function valueAndGrad<P extends Params>(
  f: () => Loss,
  params: P,
  options: {
    /** Gets every gradient once, zeros for a parameter that the loss does not use, in place of a record of them. */
    sink: GradientSink<keyof P & string>;
  },
): Evaluated;
export function valueAndGrad(
  f: (x: Tensor) => Loss,
  params?: Params,
  options?: { sink?: GradientSink },
): (Evaluated & { grads?: Params }) | ((x: Tensor) => Evaluated & { grads: Tensor }) {
  if (arguments.length > 3) refuseExtra('valueAndGrad', arguments, 3);
  checkArgument('valueAndGrad', 'f', differentiable, f);
  if (params !== undefined || options !== undefined) {
    checkParams('valueAndGrad', 'params', params);
    const { sink } = readOptions('valueAndGrad', sinkOptions, options === undefined ? {} : options, 'f, params');
    const paths = Object.keys(params);
    const targets = Object.values(params);
    if (sink) return differentiateInto((i, gradient) => sink(paths[i] as string, gradient), f as () => Loss, targets);
    const { grads, ...rest } = differentiate('valueAndGrad', f as () => Loss, targets);
    return { ...rest, grads: Object.fromEntries(paths.map((path, i) => [path, grads[i] as Tensor])) };
  }
  return function (x) {
    if (arguments.length > 1) refuseExtra('valueAndGrad', arguments, 1);
    const { grads, ...rest } = differentiate('valueAndGrad', () => f(x), [x]);
    return { ...rest, grads: grads[0] as Tensor };
  };
}

const differentiable = callable<(x: Tensor) => Loss>('that returns its loss');
const sinkOptions = { sink: optional(callable<GradientSink>('of a path and a gradient')) };

/** The gradient of a scalar function of one tensor. `grad(grad(f))` works where f's gradient is a scalar. */
export function grad(f: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  if (arguments.length > 1) refuseExtra('grad', arguments, 1);
  checkArgument('grad', 'f', differentiable, f);
  return function (x) {
    if (arguments.length > 1) refuseExtra('grad', arguments, 1);
    return gradientAt('grad', f, x);
  };
}

function gradientAt(where: string, f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  return runInScope(where, () => differentiate(where, () => f(x), [x]).grads[0] as Tensor);
}

/**
 * Hessian-vector product: the derivative of ⟨grad f(x), v⟩, without forming the Hessian.
 * Shapes: x and v alike → the same.
 * @throws ShapeError `hvp/shapes`, `grad/scalar`
 */
export function hvp(f: (x: Tensor) => Tensor): (x: Tensor, v: Tensor) => Tensor {
  if (arguments.length > 1) refuseExtra('hvp', arguments, 1);
  checkArgument('hvp', 'f', differentiable, f);
  return function (x, v) {
    if (arguments.length > 2) refuseExtra('hvp', arguments, 2);
    checkFloat('hvp', x, v);
    if (!sameShape(x.shape, v.shape)) throw otherDirection(x, v);
    return gradientAt('hvp', (y) => sum(mul(gradientAt('hvp', f, y), v)), x);
  };
}

function otherDirection(x: Tensor, v: Tensor): ShapeError {
  return new ShapeError({
    code: 'hvp/shapes',
    got: `hvp got x ${show(x.shape)} and v ${show(v.shape)}`,
    expected: 'a direction v of the shape of x',
    fix: 'reshape v, or broadcastTo(v, x.shape) to repeat it',
  });
}

function differentiate(where: string, f: () => Loss, targets: readonly Tensor[]): Evaluated & { grads: Tensor[] } {
  return recorded(where, f, targets, ({ tape, watched, loss, survivors }) => {
    walkBack(tape, loss, ones(loss.shape), survivors);
    return { grads: watched.map((value) => tape.trackOf(value)?.cotangent ?? zeros(value.shape)) };
  });
}

/** Give each gradient away when it is complete, and free it together with the old values of what was assigned. */
function differentiateInto(
  sink: (target: number, gradient: Tensor) => void,
  f: () => Loss,
  targets: readonly Tensor[],
): Evaluated {
  return recorded('valueAndGrad', f, targets, ({ tape, watched, loss, survivors }) => {
    const readers = new Readers(watched, tape.nodes);
    const waiting = new Set(watched);
    const assigned = new Set<Value>();
    const give = (value: Value): void => {
      waiting.delete(value);
      const leaf = tape.trackOf(value) as Track;
      const gradient = leaf.cotangent ?? zeros(value.shape);
      leaf.cotangent = null;
      for (const [i, target] of targets.entries()) {
        if (watched[i] !== value) continue;
        const before = target.value; // another name of the parameter may be assigned already, or f has done it
        runInScope('sink', () => checkSynchronous(sink(i, gradient)));
        if (target.value !== before) assigned.add(target.value);
      }
      release(tape, gradient.value, noSurvivors);
      release(tape, value, survivors);
    };
    walkBack(tape, loss, ones(loss.shape), survivors, {
      around: (step, pullBack) => refusing(assigned, step, pullBack),
      after: (step) => readers.after(step).forEach(give),
    });
    for (const value of waiting) give(value); // nothing has read these
    return {};
  });
}

/** Evaluate f on a tape that lives until `walk` is through with it. */
function recorded<R extends object>(
  where: string,
  f: () => Loss,
  targets: readonly Tensor[],
  walk: (recording: Recording) => R,
): Evaluated & R {
  checkFloat(where, ...targets);
  const watched = targets.map((target) => target.value); // before f can assign to them
  return runInScope(where, () => {
    const tape = new Tape(currentScope() as Scope, recordingTapes().length);
    try {
      for (const value of watched) if (!tape.trackOf(value)) tape.watch(value);
      const { loss, aux } = lossAndAux(where, recordOn(tape, f));
      const survivors = new Set<Value>([loss.value]);
      forEachTensor(aux, (tensor) => survivors.add(tensor.value));
      const walked = inPhase('backward', null, () => walk({ tape, watched, loss, survivors }));
      return { value: loss, ...walked, ...(aux !== undefined && { aux }) };
    } finally {
      tape.close(watched);
    }
  });
}

/** What a forward pass left: the tape, the values to differentiate with respect to, and what outlives the walk. */
interface Recording {
  readonly tape: Tape;
  readonly watched: readonly Value[];
  readonly loss: Tensor;
  readonly survivors: ReadonlySet<Value>;
}

/** What else happens on a walk back. */
interface Visitor {
  /** Runs the pullback of a step. */
  around<T>(step: Step, pullBack: () => T): T;
  /** The step is done, also if no cotangent has reached it. */
  after(step: Step): void;
}

const justWalk: Visitor = { around: (_, pullBack) => pullBack(), after: () => {} };

/**
 * Reverse accumulation: visit the recorded ops last to first, pull each output's cotangent back and add it up at the
 * inputs. What a node has passed on is freed at once, unless it survives or an outer tape needs it.
 */
export function walkBack(
  tape: Tape,
  output: Tensor,
  seed: Tensor,
  survivors: ReadonlySet<Value>,
  visitor = justWalk,
): void {
  const start = tape.trackOf(output.value);
  if (!start) return; // the output does not depend on anything watched
  start.cotangent = seed;
  for (let node = tape.nodes.pop(); node; node = tape.nodes.pop()) {
    const { step, track } = node;
    const g = track.cotangent;
    track.cotangent = null;
    if (g) {
      const before = lastValueId();
      const pull = () => runInScope(`${step.name} vjp`, () => addUp(tape, step, step.pullback(g, tape), before));
      inPhase('backward', step.name, () => visitor.around(step, pull));
      release(tape, g.value, survivors);
    }
    release(tape, step.output, survivors);
    for (const value of step.saved) release(tape, value, survivors);
    visitor.after(step);
  }
}

/** Adds cotangents to the inputs of a step. Returns what it leaves there, so that a scope around it frees the rest. */
function addUp(tape: Tape, step: Step, cotangents: Cotangents, before: number): Tensor[] {
  const tracks: Track[] = [];
  const stored: Value[] = [];
  for (let i = 0; i < step.inputs.length; i++) {
    const track = tape.trackOf(step.inputs[i] as Value);
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
    release(tape, first.value, noSurvivors);
    release(tape, own.value, noSurvivors);
  }
  return tracks.map((track) => track.cotangent as Tensor);
}

export const noSurvivors: ReadonlySet<Value> = new Set();

/** Free early what this tape's scope owns and nothing else needs. */
function release(tape: Tape, value: Value, survivors: ReadonlySet<Value>): void {
  const saved = value.savedBy?.open && value.savedBy !== tape;
  if (value.scope === tape.scope && !saved && !survivors.has(value)) free(value, 'the backward pass');
}

function checkSynchronous(returned: unknown): void {
  if (isThenable(returned)) throw asyncScope('valueAndGrad', 'sink');
}

/** What the function returned, checked: JavaScript callers can return anything. */
function lossAndAux(where: string, returned: unknown): { loss: Tensor; aux: unknown } {
  if (isThenable(returned)) throw asyncScope(where);
  const { loss, aux } = isTensor(returned) ? { loss: returned, aux: undefined } : ((returned ?? {}) as Evaluation);
  if (isTensor(loss) && loss.size === 1 && loss.dtype === 'float32') return { loss, aux };
  throw new ShapeError({
    code: 'grad/scalar',
    got: `${where} got a loss ${isTensor(loss) ? `${show(loss.shape)} of dtype ${loss.dtype}` : typeof loss}`,
    expected: 'a single float32 number',
    fix: 'return a tensor and reduce it, for example with mean(loss)',
  });
}

type Evaluation = { readonly loss?: unknown; readonly aux?: unknown };
