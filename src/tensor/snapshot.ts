import type { TypedArray } from '../base/dtype';
import { checkAlive } from './lifetime';
import type { Params } from './tensor';

/** The values that tensors have now. What is assigned to them later, or frees them, leaves these; no copy is made. */
export interface Snapshot {
  /** A copy of the values under one of the names. */
  read(name: string): Promise<TypedArray>;
  /** Once: the memory goes, except that of values which the tensors still have. */
  release(): void;
}

/** @throws StateError `scope/freed` */
export function snapshotOf(params: Params): Snapshot {
  for (const { value } of Object.values(params)) checkAlive('snapshot', value);
  const held = new Map(
    Object.entries(params).map(([name, { value }]) => [
      name,
      { backend: value.backend, storage: value.backend.alias(value.storage) },
    ]),
  );
  const find = (name: string) => held.get(name) as NonNullable<ReturnType<typeof held.get>>;
  return {
    read: async (name) => find(name).backend.read(find(name).storage),
    release() {
      for (const { backend, storage } of held.values()) backend.free(storage);
    },
  };
}
