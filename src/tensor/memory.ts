import type { Memory } from '../backend/backend';
import { backend } from '../backend/current';

/** Live tensors, live bytes and their peak on the current backend, as its allocator counts them. */
export function memory(): Memory {
  return backend().memory();
}
