import { ShapeError } from '../base/errors';
import { show } from '../base/shape';
import { asTensor, checkFloat } from './op';
import { add } from './ops/add';
import { ones, zeros } from './ops/create';
import { mul } from './ops/mul';
import { reshape } from './ops/reshape';
import { sum } from './ops/sum';
import { asyncScope, currentScope, free, isThenable, runInScope, type Scope } from './scope';
import { type Cotangents, isTracked, recordingTapes, recordOn, type Step, Tape, type Track } from './tape';
import type { Params, Tensor } from './tensor';
import { forEachTensor, isTensor } from './tree';
import { lastValueId, type Value } from './value';

/** What a differentiated function returns: the loss, and anything else that shall leave the scope alive. */
export interface Evaluated {
  /** The loss, as the function returned it. */
  readonly value: Tensor;
  /** What the function returned as `aux`, with its tensors alive. */
  readonly aux?: unknown;
}

/** A scalar to differentiate, alone or with anything else that shall leave the scope alive. */
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
 * Shapes: every gradient has the shape of its parameter.
 * @throws ShapeError `grad/scalar` when the loss is not a single number
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
export function valueAndGrad(
  f: (x: Tensor) => Loss,
  params?: Params,
): (Evaluated & { grads: Params }) | ((x: Tensor) => Evaluated & { grads: Tensor }) {
  if (params) {
    const paths = Object.keys(params);
    const targets = Object.values(params);
    const { grads, ...rest } = differentiate(f as () => Loss, targets);
    return { ...rest, grads: Object.fromEntries(paths.map((path, i) => [path, grads[i] as Tensor])) };
  }
  return (x) => {
    const { grads, ...rest } = differentiate(() => f(x), [x]);
    return { ...rest, grads: grads[0] as Tensor };
  };
}

/** The gradient of a scalar function of one tensor. `grad(grad(f))` works where f's gradient is a scalar. */
export function grad(f: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  return (x) => runInScope('grad', () => valueAndGrad(f)(x).grads);
}

/**
 * Hessian-vector product: the derivative of ⟨grad f(x), v⟩, without forming the Hessian.
 * Shapes: x and v alike → the same.
 */
export function hvp(f: (x: Tensor) => Tensor): (x: Tensor, v: Tensor) => Tensor {
  return (x, v) => grad((y) => sum(mul(grad(f)(y), v)))(x);
}

function differentiate(f: () => Loss, targets: readonly Tensor[]): Evaluated & { grads: Tensor[] } {
  checkFloat('valueAndGrad', ...targets);
  const watched = targets.map((target) => target.value); // before f can assign to them
  return runInScope('valueAndGrad', () => {
    const tape = new Tape(currentScope() as Scope, recordingTapes().length);
    try {
      const leaves = watched.map((value) => tape.trackOf(value) ?? tape.watch(value));
      const { loss, aux } = lossAndAux(recordOn(tape, f));
      const survivors = new Set<Value>([loss.value]);
      forEachTensor(aux, (tensor) => survivors.add(tensor.value));
      walkBack(tape, loss, ones(loss.shape), survivors);
      const grads = leaves.map((leaf, i) => leaf.cotangent ?? zeros((targets[i] as Tensor).shape));
      return { value: loss, grads, ...(aux !== undefined && { aux }) };
    } finally {
      tape.close(watched);
    }
  });
}

/**
 * Reverse accumulation: visit the recorded ops last to first, pull each output's cotangent back and add it up at the
 * inputs. What a node has passed on is freed at once, unless it survives or an outer tape needs it.
 */
export function walkBack(tape: Tape, output: Tensor, seed: Tensor, survivors: ReadonlySet<Value>): void {
  const start = tape.trackOf(output.value);
  if (!start) return; // the output does not depend on anything watched
  start.cotangent = seed;
  for (let node = tape.nodes.pop(); node; node = tape.nodes.pop()) {
    const g = node.track.cotangent;
    if (!g) continue;
    node.track.cotangent = null;
    const { step } = node;
    runInScope(`${step.name} vjp`, () => pullBack(tape, step, g));
    release(tape, g.value, survivors);
    release(tape, step.output, survivors);
    for (const value of step.saved) release(tape, value, survivors);
  }
}

/** Returns what it leaves at the inputs, so that a scope around it frees the rest. */
function pullBack(tape: Tape, step: Step, g: Tensor): Tensor[] {
  const before = lastValueId();
  const cotangents = isFusedUnderOuterTape(step, g) ? pullBackComposed(step, g) : step.pullback(g, tape);
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

function isFusedUnderOuterTape({ recompute, inputs }: Step, g: Tensor): boolean {
  return recompute !== null && (isTracked([g.value]) || isTracked(inputs));
}

/**
 * Second derivatives through a fused op: its vjp kernel is opaque to the outer tape, so differentiate the composed
 * definition instead, on views of the inputs (so that an input that occurs twice is told apart).
 */
function pullBackComposed({ recompute, inputs }: Step, g: Tensor): Cotangents {
  const views = inputs.map((value) => reshape(asTensor(value), value.shape));
  const inner = new Tape(currentScope() as Scope, recordingTapes().length);
  const leaves = views.map((view) => (view.dtype === 'float32' ? inner.watch(view.value) : null));
  try {
    const output = recordOn(inner, () => (recompute as NonNullable<typeof recompute>)(views));
    walkBack(inner, output, g, noSurvivors);
    return leaves.map((leaf) => (leaf?.cotangent ? () => leaf.cotangent as Tensor : null));
  } finally {
    inner.close([]); // the views go with their scope
  }
}

/** Free early what this tape's scope owns and nobody else needs. */
function release(tape: Tape, value: Value, survivors: ReadonlySet<Value>): void {
  const saved = value.savedBy?.open && value.savedBy !== tape;
  if (value.scope === tape.scope && !saved && !survivors.has(value)) free(value, 'the backward pass');
}

/** What the function returned, checked: JavaScript callers can return anything. */
function lossAndAux(returned: unknown): { loss: Tensor; aux: unknown } {
  if (isThenable(returned)) throw asyncScope('valueAndGrad');
  const { loss, aux } = isTensor(returned) ? { loss: returned, aux: undefined } : ((returned ?? {}) as Evaluation);
  if (isTensor(loss) && loss.size === 1 && loss.dtype === 'float32') return { loss, aux };
  throw new ShapeError({
    code: 'grad/scalar',
    got: `valueAndGrad got a loss ${isTensor(loss) ? `${show(loss.shape)} of dtype ${loss.dtype}` : typeof loss}`,
    expected: 'a single float32 number',
    fix: 'return a tensor and reduce it, for example with mean(loss)',
  });
}

type Evaluation = { readonly loss?: unknown; readonly aux?: unknown };
