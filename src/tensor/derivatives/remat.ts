import { StateError } from '../../base/errors';
import { callable, checkArgument, isThenable, refuseExtra } from '../../base/options';
import { asTensor } from '../op';
import { concat } from '../ops/movement/concat';
import { reshape } from '../ops/movement/reshape';
import { slice } from '../ops/movement/slice';
import { asyncScope, currentScope, runInScope, type Scope } from '../scope';
import { type Cotangents, recordingTapes, recordOn, recordStep, Tape } from '../tape';
import type { Tensor } from '../tensor';
import { trackOf, watch } from '../track';
import { forEachTensor, isTensor, mapTensors } from '../tree';
import type { Value } from '../value';
import { Notes, unrecorded } from './notes';
import { replaying } from './replay';
import { walkBack } from './walk';

/**
 * The same function for less memory: while a derivative is taken, the tape keeps what `f` read and returned but nothing
 * in between, and runs `f` again in the backward pass. Costs one more evaluation of `f` a derivative, and one more for
 * each level of nesting.
 *
 * `f` takes anything. What it closes over (parameters of a layer, say) gets its gradient like an argument. It returns a
 * tensor, or an array or record of tensors; several travel through the tape as one vector, which copies them. It must
 * compute the same both times: no side effects, random numbers from keys only, and no assignment to a tensor that it
 * closes over before the backward pass has run.
 * @throws StateError `remat/replay` when the second run reads other tensors that need a gradient than the first
 * @see Chen, Xu, Zhang and Guestrin, "Training deep nets with sublinear memory cost", arXiv 1604.06174.
 * @example
 * const layer = new MLP({ key: random.key(1), sizes: [8, 32, 8] });
 * const block = remat((x: Tensor) => layer.forward(x));
 * const x = random.normal(random.key(2), [4, 8]);
 * const { grads } = valueAndGrad(() => sum(square(block(x))), layer.parameters());
 */
export function remat<Xs extends readonly unknown[], R>(f: (...xs: Xs) => R): (...xs: Xs) => R {
  if (arguments.length > 1) refuseExtra('remat', arguments, 1);
  checkArgument('remat', 'f', repeatable, f);
  return (...xs) => {
    if (!currentScope() || recordingTapes().length === 0) return runInScope('remat', () => f(...xs));
    // The values that the arguments name now: a parameter may be assigned to before f runs again.
    const given = xs.map((x) => (isTensor(x) ? asTensor(x.value) : x)) as readonly unknown[] as Xs;
    const { result, read, constants } = unrecorded('remat', () => {
      const tree = f(...given);
      if (isThenable(tree)) throw asyncScope('remat');
      // What is packed needs no second life; a function hides the tree from the scope.
      return { packed: pack(tree), constants: tensorsOf(tree, 'int32'), tree: () => tree };
    });
    const tree = result.tree();
    const output = result.packed;
    if (!output) return tree;
    recordStep({
      name: 'remat',
      inputs: read,
      output: output.value,
      saved: [],
      constants,
      pullback: (g, tape) => replay(() => pack(f(...given)) as Tensor, read, g, tape),
    });
    return unpack(tree, output);
  };
}

const repeatable = callable('that computes the same each time');

/**
 * Run again, this time recorded, and walk back through that. Outer tapes record it all, as they do any vjp. Notes say
 * whether this run reads what the first has.
 */
function replay(f: () => Tensor, read: readonly Value[], g: Tensor, outer: Tape): Cotangents {
  const notes = new Notes([outer]);
  const inner = new Tape(currentScope() as Scope, recordingTapes().length);
  const wanted = read.filter((value) => outer.tracks(value));
  try {
    for (const value of wanted) watch(inner, value);
    const output = recordOn(notes, () => recordOn(inner, () => runInScope('remat', () => replaying(f))));
    checkSame(wanted, notes.read);
    walkBack(inner, output, g);
    const cotangents = read.map((value) => trackOf(inner, value)?.cotangent);
    return cotangents.map((cotangent) => (cotangent ? () => cotangent : null));
  } finally {
    notes.close();
    inner.close(wanted);
  }
}

/** A captured parameter that was assigned to, or a function that is not one, would silently get a wrong gradient. */
function checkSame(first: readonly Value[], second: readonly Value[]): void {
  const odd = first.find((value) => !second.includes(value)) ?? second.find((value) => !first.includes(value));
  if (!odd) return;
  throw new StateError({
    code: 'remat/replay',
    got: `remat ran its function again for the backward pass, and ${odd} was read in one of the two runs only`,
    expected: 'the same function of the same tensors',
    fix: 'assign to parameters after the derivative, and pass whatever changes as an argument',
  });
}

function tensorsOf(tree: unknown, dtype: Tensor['dtype']): Tensor[] {
  const found: Tensor[] = [];
  forEachTensor(tree, (tensor) => tensor.dtype === dtype && found.push(tensor));
  return found;
}

/**
 * The float32 tensors of a result as one new tensor; null: there is none. New even if `f` only hands on an argument,
 * since a value cannot be input and output of one step.
 */
function pack(tree: unknown): Tensor | null {
  const [first, ...others] = tensorsOf(tree, 'float32');
  if (!first) return null;
  if (others.length === 0) return reshape(first, first.shape);
  const flat = [first, ...others].map((tensor) => reshape(tensor, [tensor.size]));
  return concat(flat, 0);
}

/** The tree again with its float32 tensors out of the packed one. */
function unpack<R>(tree: R, packed: Tensor): R {
  const floats = tensorsOf(tree, 'float32');
  if (floats.length === 1) return mapTensors(tree, (tensor) => (tensor === floats[0] ? packed : tensor));
  let offset = 0;
  const parts = new Map(
    floats.map((tensor) => {
      const part = slice(packed, [offset], [offset + tensor.size]);
      offset += tensor.size;
      return [tensor, reshape(part, tensor.shape)];
    }),
  );
  return mapTensors(tree, (tensor) => parts.get(tensor) ?? tensor);
}
