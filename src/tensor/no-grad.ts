import type { Memory } from '../backend/backend';
import { backend } from '../backend/current';
import { runInScope } from './scope';
import { recordOn } from './tape';

/** Run `fn` without recording it on any tape; a scope as well. */
export function noGrad<T>(fn: () => T): T {
  return recordOn(null, () => runInScope('noGrad', fn));
}

/** Live tensors, live bytes and their peak on the current backend, as its allocator counts them. */
export function memory(): Memory {
  return backend().memory();
}
