import type { DType, TypedArray } from '../../base/dtype';
import type { Storage } from '../contract';
import type { GpuHandle } from './device';

/** The memory that aliases share: values on the host, on the device, or both. */
export class GpuCell {
  /** Lives that it has. */
  users = 1;
  /** Those of them that count as live tensors: all but the collectable ones. */
  counted = 1;
  /** Stays on the device when the scope ends that brought it there. */
  resident = false;
  /** On the device: asked for, and not given back. Operations before may still have to make the handle. */
  present = false;
  /** What the queue has made so far. */
  handle: GpuHandle | null = null;
  /** Why the queue could not make it. */
  failure: { readonly error: unknown } | null = null;
  constructor(
    public host: TypedArray | null,
    readonly bytes: number,
  ) {}
}

/** One life of a cell. */
export class GpuStorage implements Storage {
  collectable = false;
  constructor(
    readonly cell: GpuCell,
    readonly dtype: DType,
    readonly size: number,
  ) {}
}
