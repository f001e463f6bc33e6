import { ShapeError } from '../base/errors';
import { sameShape, show } from '../base/shape';
import { checkAlive, free, giveTo, makeOwned, retire, scopeOf } from './lifetime';
import type { Scope } from './scope';
import type { Tensor } from './tensor';
import { Value } from './value';

/**
 * Point a tensor at new values: the only way to write to one for good. The new value is *resident*: it stays on the device and
 * belongs to this tensor until the next assignment. Tapes hold values, so one that recorded the old value stays right.
 * @throws ShapeError `assign/shape`
 */
export function assign(target: Tensor, source: Tensor): void {
  const next = prepared(target, source);
  if (next) commit(target, next.value);
}

/** One assignment of several: `target` gets the values that `source` has before any of them is done. */
export type Write = readonly [target: Tensor, source: Tensor];

/**
 * `assign` for several tensors: all of them or none. Whatever can throw (shapes, freed sources, a device without room
 * for a host array) is done for all before the first tensor moves. Old and new values are alive at once.
 * @throws ShapeError `assign/shape`
 */
export function assignAll(writes: readonly Write[]): void {
  const ready: (Prepared | null)[] = [];
  try {
    for (let i = 0; i < writes.length; i++) ready.push(prepared(...(writes[i] as Write)));
  } catch (error) {
    for (const next of ready) if (next) giveBack(next);
    throw error;
  }
  for (let i = 0; i < writes.length; i++) {
    const next = ready[i];
    if (next) commit((writes[i] as Write)[0], next.value);
  }
}

/** A value that is resident and about to get a name, and the scope that owned it until now. */
interface Prepared {
  readonly value: Value;
  readonly from: Scope | null;
}

/** Everything of an assignment that can throw; null: the target has this value already. */
function prepared(target: Tensor, source: Tensor): Prepared | null {
  checkAlive('assign', source.value);
  if (!sameShape(target.shape, source.shape) || target.dtype !== source.dtype) {
    throw new ShapeError({
      code: 'assign/shape',
      got: `assign got a target ${show(target.shape)} of dtype ${target.dtype} and values ${show(source.shape)} of dtype ${source.dtype}`,
      expected: 'equal shapes and dtypes',
      fix: 'check that the update belongs to this parameter',
    });
  }
  if (source.value === target.value && target.value.owner === 'tensor') return null;
  const from = scopeOf(source.value);
  const next = { value: from ? source.value : secondLife(source.value), from };
  makeOwned(next.value);
  try {
    next.value.backend.resident(next.value.storage);
  } catch (error) {
    giveBack(next);
    throw error;
  }
  return next;
}

/** Undo what was prepared: back to its scope, or away with a second life that nothing names. */
function giveBack({ value, from }: Prepared): void {
  if (from) giveTo(from, value);
  else free(value, 'an assignment that failed');
}

function commit(target: Tensor, next: Value): void {
  const before = target.value;
  target.value = next;
  remember(target, next);
  if (before !== next && before.owner === 'tensor') retire(before);
}

/** Make a tensor resident with the values it has. */
export function makeResident(tensor: Tensor): void {
  assign(tensor, tensor);
}

/** Run `fn` while the tensor names another value, which is neither owned nor made resident. */
export function withValue<T>(target: Tensor, value: Value, fn: () => T): T {
  const before = target.value;
  target.value = value;
  try {
    return fn();
  } finally {
    target.value = before;
  }
}

/** The same values once more, since the source keeps its own: what is not in a scope cannot change hands. */
function secondLife({ backend, storage, shape, dtype, origin }: Value): Value {
  return new Value(backend, backend.alias(storage), shape, dtype, origin);
}

/** A net under models that are dropped: when the tensor is collected, so is its resident value. */
const dropped = new FinalizationRegistry<{ value: Value }>((slot) => {
  if (slot.value.freedBy === null) free(slot.value, 'the garbage collector');
});
const slots = new WeakMap<Tensor, { value: Value }>();

function remember(tensor: Tensor, value: Value): void {
  const slot = slots.get(tensor);
  if (slot) {
    slot.value = value;
    return;
  }
  const first = { value };
  slots.set(tensor, first);
  dropped.register(tensor, first);
}
