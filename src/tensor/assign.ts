import { ShapeError } from '../base/errors';
import { sameShape, show } from '../base/shape';
import { checkAlive, free, type Scope } from './scope';
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
  if (source.value === target.value && target.value.resident) return null;
  const from = source.value.scope;
  const next = { value: ownedBy(source.value), from };
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
  value.resident = false;
  if (from) value.scope = from;
  else free(value, 'an assignment that failed');
}

function commit(target: Tensor, next: Value): void {
  const before = target.value;
  target.value = next;
  remember(target, next);
  if (before !== next && before.resident && before.freedBy === null) retire(before);
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

/** The value itself when a scope owns it and it can change hands; otherwise a second life of the same values. */
function ownedBy(value: Value): Value {
  const next =
    value.scope !== null
      ? value
      : new Value(value.backend, value.backend.alias(value.storage), value.shape, value.dtype, value.origin);
  next.scope = null;
  next.resident = true;
  return next;
}

/** A value that lost its name lives on only as long as a tape needs it. */
function retire(value: Value): void {
  value.resident = false;
  if (value.savedBy?.open) {
    value.scope = value.savedBy.scope;
    value.scope.values.push(value);
  } else {
    free(value, 'an assignment that replaced it');
  }
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
