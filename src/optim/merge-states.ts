import type { Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';

/**
 * What several updates of different leaves, each from the state `before`, make of it together: `next`, the outcome of
 * one of them, where it differs from `before`, and `current`, the outcome of the others, elsewhere. `write` gives the
 * tensor that stands for one that differs; its place is made of keys, each after a slash.
 */
export function mergeStates<T>(
  before: T,
  current: T,
  next: T,
  write: (tensor: Tensor, place: string) => Tensor = (tensor) => tensor,
): T {
  return merge(before, current, next, write, '') as T;
}

function merge(
  before: unknown,
  current: unknown,
  next: unknown,
  write: (tensor: Tensor, place: string) => Tensor,
  place: string,
): unknown {
  if (next === before) return current;
  if (isTensor(next)) return isTensor(before) && before.value === next.value ? current : write(next, place);
  if (typeof next !== 'object' || next === null || ArrayBuffer.isView(next)) return next;
  const branch = (name: string, value: unknown): unknown => {
    const old = own(before, name);
    return value === old ? own(current, name) : merge(old, own(current, name), value, write, `${place}/${name}`);
  };
  if (Array.isArray(next)) return next.map((value, i) => branch(String(i), value));
  const merged = new Map<string, unknown>(isRecord(current) ? Object.entries(current) : []);
  for (const name of merged.keys()) {
    if (own(before, name) !== undefined && own(next, name) === undefined) merged.delete(name); // this update dropped it
  }
  for (const [name, value] of Object.entries(next)) merged.set(name, branch(name, value));
  return Object.fromEntries(merged);
}

function isRecord(x: unknown): x is object {
  return typeof x === 'object' && x !== null && !isTensor(x) && !Array.isArray(x);
}

/** A path may be 'constructor': what a record inherits is no branch. */
function own(tree: unknown, name: string): unknown {
  if (typeof tree !== 'object' || tree === null || isTensor(tree)) return undefined;
  return Object.hasOwn(tree, name) ? (tree as Record<string, unknown>)[name] : undefined;
}
