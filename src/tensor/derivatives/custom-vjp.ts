import { ShapeError, StateError } from '../../base/errors';
import { checkArgument, isThenable, kindOf, refuseExtra } from '../../base/options';
import { sameShape, show } from '../../base/shape';
import { checkTensor } from '../check';
import { asTensor, checkFloat } from '../op';
import { stopGradient } from '../ops/elementwise/stop-gradient';
import { asyncScope, currentScope, runInScope } from '../scope';
import { isTracked, recordingTapes, recordStep } from '../tape';
import type { Tensor } from '../tensor';
import { forEachTensor, isTensor, mapTensors } from '../tree';
import { lastValueId, type Value } from '../value';
import { unrecorded } from './notes';
import { replaying } from './replay';

/** A function with a derivative that its author states. */
export interface VjpRule<Xs extends readonly Tensor[], S> {
  /** The result (float32), and what the vjp needs: tensors in arrays and records, numbers, strings. */
  forward(...xs: Xs): readonly [output: Tensor, saved: S];
  /** One gradient for each argument, of its shape; null: there is none. `cotangent` has the shape of the output. */
  vjp(cotangent: Tensor, saved: S): readonly (Tensor | null)[];
}

/**
 * A function whose derivative is the given `vjp` and not that of the ops in `forward`, which no tape records: for a
 * better rule than the chain rule's, for a gradient that is changed on its way, or where no op has a derivative.
 *
 * Second derivatives go through the ops of `vjp`. There, saved arguments and a saved output depend on the arguments as
 * they do everywhere; other saved tensors depend on them by the ops of `forward`, which runs again for an outer
 * derivative. So a vjp that is right gives right derivatives of every order.
 * @throws StateError `custom-vjp/captured` when forward reads, or saves, a tensor that a derivative is being taken of
 *   and that is not an argument: it would silently get no gradient
 * @throws ShapeError `custom-vjp/forward`, `custom-vjp/grads`
 * @example
 * // the identity, with its gradient clipped
 * const tame = customVjp({ forward: (x: Tensor) => [x, null], vjp: (g) => [clip(g, -1, 1)] });
 */
export function customVjp<Xs extends readonly Tensor[], S>(rule: VjpRule<Xs, S>): (...xs: Xs) => Tensor {
  if (arguments.length > 1) refuseExtra('customVjp', arguments, 1);
  checkArgument('customVjp', 'rule', ruleKind, rule);
  return (...xs) => {
    for (const x of xs) checkTensor('customVjp', x);
    if (!currentScope() || recordingTapes().length === 0) return runInScope('customVjp', () => runForward(rule, xs)[0]);
    const inputs = xs.map(({ value }) => value);
    const given = snapshot(xs); // a parameter may be assigned to later
    const before = lastValueId();
    const { result, read, constants } = unrecorded('customVjp', () => runForward(rule, given));
    // An output that forward did not make (an argument, say) has tracks of its own.
    const output = result[0].value.id > before ? result[0] : stopGradient(result[0]);
    const saved = snapshot(result[1]);
    const kept = valuesOf(saved);
    refuseCaptured([...read, result[0].value, ...kept], inputs);
    recordStep({
      name: 'customVjp',
      inputs: [...inputs, ...kept.filter((value) => value.id <= before)],
      output: output.value,
      saved: kept.filter((value) => value.id > before),
      constants,
      pullback(g) {
        let grads: readonly (Tensor | null)[] | undefined;
        const pullBack = (): readonly (Tensor | null)[] =>
          rule.vjp(g, isTracked(inputs) ? savedAgain(rule, given, output) : saved);
        return inputs.map((_, i) => {
          grads ??= checkGrads(pullBack(), given);
          const grad = grads[i];
          return grad ? () => grad : null;
        });
      },
    });
    return output;
  };
}

const ruleKind = kindOf('an object with the functions forward and vjp', (value) => {
  if (typeof value !== 'object' || value === null) return false;
  const { forward, vjp } = value as { forward?: unknown; vjp?: unknown };
  return typeof forward === 'function' && typeof vjp === 'function';
});

/** What forward saves, recorded by the outer tapes that the backward pass runs under. */
function savedAgain<Xs extends readonly Tensor[], S>(rule: VjpRule<Xs, S>, xs: Xs, output: Tensor): S {
  const [out, saved] = replaying(() => runForward(rule, xs));
  const isArgument = xs.some((x) => x.value === out.value);
  return mapTensors(saved, (tensor) => (tensor.value === out.value && !isArgument ? output : tensor));
}

/** The same tensors under names of their own, which no assignment changes. */
function snapshot<T>(tree: T): T {
  return mapTensors(tree, ({ value }) => asTensor(value));
}

function valuesOf(tree: unknown): Value[] {
  const values: Value[] = [];
  forEachTensor(tree, ({ value }) => values.push(value));
  return values;
}

function runForward<Xs extends readonly Tensor[], S>(rule: VjpRule<Xs, S>, xs: Xs): readonly [Tensor, S] {
  const returned: unknown = rule.forward(...xs);
  if (isThenable(returned)) throw asyncScope('customVjp');
  if (Array.isArray(returned) && returned.length === 2 && isTensor(returned[0])) {
    checkFloat('customVjp', returned[0]);
    return returned as [Tensor, S];
  }
  throw new ShapeError({
    code: 'custom-vjp/forward',
    got: `customVjp got ${isTensor(returned) ? 'a tensor' : typeof returned} from forward`,
    expected: 'a pair [output, saved] with a tensor as output',
    fix: 'return [output, null] where the vjp needs nothing',
  });
}

function refuseCaptured(used: readonly Value[], inputs: readonly Value[]): void {
  const captured = used.find((value) => !inputs.includes(value) && isTracked([value]));
  if (!captured) return;
  throw new StateError({
    code: 'custom-vjp/captured',
    got: `customVjp got a forward that uses ${captured}, which a derivative is being taken of`,
    expected: 'every such tensor to be an argument, since the vjp gives gradients to arguments alone',
    fix: 'pass it as an argument, or wrap it in stopGradient(t) to keep gradients from it',
  });
}

function checkGrads(grads: readonly (Tensor | null)[], xs: readonly Tensor[]): readonly (Tensor | null)[] {
  const list = Array.isArray(grads) ? grads : [];
  const wrong = xs.findIndex((x, i) => {
    const grad: unknown = list[i];
    return grad !== null && !(isTensor(grad) && grad.dtype === 'float32' && sameShape(grad.shape, x.shape));
  });
  if (Array.isArray(grads) && grads.length === xs.length && wrong < 0) return grads;
  const shapes = list.map((grad) => (isTensor(grad) ? `${show(grad.shape)} of dtype ${grad.dtype}` : String(grad)));
  throw new ShapeError({
    code: 'custom-vjp/grads',
    got: `customVjp got ${Array.isArray(grads) ? `the gradients (${shapes.join(', ')})` : typeof grads} from vjp`,
    expected: `a list of float32 tensors ${xs.map((x) => show(x.shape)).join(', ')}, one for each argument, or null`,
    fix: 'return one gradient for each argument, summed over the axes along which it was repeated',
  });
}
