import { type DType, dtypeOf, type TypedArray } from '../../base/dtype';
import type { Operand, Storage } from '../contract';

/**
 * Aliases share the array; `shared.users` is the number of them that are not freed. `counted`: it is part of the account of
 * memory, which ordinary JavaScript memory is not.
 */
export class ReferenceStorage implements Storage {
  constructor(
    readonly values: TypedArray,
    readonly shared: { users: number; counted: boolean } = { users: 1, counted: false },
  ) {}
  get dtype(): DType {
    return dtypeOf(this.values);
  }
  get size(): number {
    return this.values.length;
  }
}

/**
 * The account of what is held. Values lie in ordinary arrays, which the collector frees; the account is kept nevertheless, so
 * that tests of scopes find a leak here as on a device whose memory is really lost.
 */
export class ReferenceDevice {
  readonly live = { tensors: 0, bytes: 0, peakBytes: 0 };
  poisoned = false;

  /** A new, counted storage: what every operation returns. */
  made(values: TypedArray): Storage {
    const storage = new ReferenceStorage(values);
    this.count(storage, true);
    return storage;
  }
  count(storage: Storage, counted: boolean): void {
    const { values, shared } = storage as ReferenceStorage;
    if (shared.counted === counted) return;
    shared.counted = counted;
    this.live.tensors += counted ? 1 : -1;
    this.live.bytes += counted ? values.byteLength : -values.byteLength;
    this.live.peakBytes = Math.max(this.live.peakBytes, this.live.bytes);
  }
}

export function valuesOf(x: Operand): TypedArray {
  return (x.storage as ReferenceStorage).values;
}

export function floatsOf(x: Operand): Float32Array {
  return valuesOf(x) as Float32Array;
}
