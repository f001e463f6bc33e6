import type { Memory } from '../../backend/contract';
import { backend } from '../../backend/current';
import { refuseExtra } from '../../base/options';

/** Live tensors, live bytes and their peak on the current backend, as its allocator counts them. */
export function memory(): Memory {
  if (arguments.length > 0) refuseExtra('memory', arguments, 0);
  return backend().memory();
}
