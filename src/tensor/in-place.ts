import { checkAlive } from './lifetime';
import { fromArray } from './ops/create';
import type { Tensor } from './tensor';

/**
 * Let `change` write to the float32 values of a tensor that an op has just made and only the caller knows: where they lie,
 * if the backend can show them, otherwise in a copy that becomes a new tensor. Use what it returns.
 * @throws BackendError `read/sync` where the backend can do neither
 */
export function changed(fresh: Tensor, change: (values: Float32Array) => void): Tensor {
  checkAlive('changed', fresh.value);
  const { backend, storage } = fresh.value;
  const values = (backend.view?.(storage) ?? backend.readSync(storage)) as Float32Array;
  change(values);
  return backend.view ? fresh : fromArray(values, fresh.shape);
}
