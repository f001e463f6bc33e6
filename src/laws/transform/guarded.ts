import { StateError } from '../../base/errors';
import { isThenable } from '../../base/options';
import { sameShape, show } from '../../base/shape';
import type { GradientTransform } from '../../optim/transform';
import type { Params } from '../../tensor/tensor';
import { isTensor } from '../../tensor/tree';

/**
 * The transform that `make` makes, with every call watched: what breaks the form of the contract is named where it
 * happens, and not three steps later by whatever it breaks.
 * @throws StateError `study/contract`
 */
export function guarded<S>(make: () => GradientTransform<S>, name = 'the transform'): GradientTransform<S> {
  const made = attempt(name, 'could not be made', make);
  if (typeof made?.init !== 'function' || typeof made.update !== 'function') {
    throw breach(`${name} is ${made === null ? 'null' : typeof made} without init or update`, '{ init, update }');
  }
  return {
    ...made,
    init(params) {
      const state = attempt(name, `threw in init, given ${list(params)}`, () => made.init(params));
      return checkState(`init of ${name}`, state);
    },
    update(grads, state, params) {
      const doing = `threw in update, given gradients of ${list(grads)}`;
      const result: unknown = attempt(name, doing, () => made.update(grads, state, params));
      if (!Array.isArray(result) || result.length !== 2) {
        throw breach(`update of ${name} returned ${kindOf(result)}`, 'the pair [updates, state]');
      }
      checkUpdates(name, result[0], params);
      return [result[0] as Params, checkState(`update of ${name}`, result[1] as S)];
    },
  };
}

/** Run a call of the subject; an error in it is the subject's, and says so. */
function attempt<T>(name: string, doing: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw breach(`${name} ${doing}: ${error instanceof Error ? error.message : String(error)}`, 'no error', error);
  }
}

function checkState<S>(where: string, state: S): S {
  if (state !== undefined && !isThenable(state)) return state;
  throw breach(`${where} returned ${kindOf(state)} as state`, 'a tree of plain data at once, [] if there is nothing');
}

function checkUpdates(name: string, updates: unknown, params: Params): void {
  if (typeof updates !== 'object' || updates === null || Array.isArray(updates) || isTensor(updates)) {
    throw breach(`update of ${name} returned ${kindOf(updates)} as updates`, 'a record of tensors by path');
  }
  for (const [path, update] of Object.entries(updates)) {
    const parameter = Object.hasOwn(params, path) ? params[path] : undefined;
    if (!parameter) throw breach(`${name} returned an update for "${path}"`, `only ${list(params)}`);
    if (!isTensor(update)) throw breach(`${name} returned ${kindOf(update)} for "${path}"`, 'a tensor');
    if (!sameShape(update.shape, parameter.shape) || update.dtype !== parameter.dtype) {
      throw breach(
        `${name} returned an update ${show(update.shape)} of ${update.dtype} for "${path}"`,
        `${show(parameter.shape)} of ${parameter.dtype}, as the parameter`,
      );
    }
  }
}

function list(leaves: Params): string {
  return Object.entries(leaves)
    .map(([path, { shape }]) => `"${path}" ${show(shape)}`)
    .join(', ');
}

function kindOf(x: unknown): string {
  if (x === null || x === undefined) return String(x);
  if (isThenable(x)) return 'a promise';
  if (Array.isArray(x)) return `an array of ${x.length}`;
  return isTensor(x) ? 'a tensor' : `a ${typeof x}`;
}

function breach(got: string, expected: string, cause?: unknown): StateError {
  return new StateError(
    {
      code: 'study/contract',
      got,
      expected,
      fix: 'compare it with the contract GradientTransform and with a transform such as scale',
    },
    { cause },
  );
}
