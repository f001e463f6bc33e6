import { type DType, dtypeOf, type TypedArray } from '../../base/dtype';
import type { Operand, Storage } from '../contract';

/** Aliases share the array; `shared.users` says how many lives it has left. */
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

/** The account of what is held; values lie in ordinary arrays. */
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
