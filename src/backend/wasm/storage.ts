import type { DType, TypedArray } from '../../base/dtype';
import type { Storage } from '../contract';
import type { Block } from './allocator';

/**
 * Values of one tensor, in one of three states: on the device (`block`), in an ordinary array (`host`), or in such an
 * array with a copy on the device that lasts until the scope ends (both).
 */
export class WasmStorage implements Storage {
  constructor(
    readonly dtype: DType,
    readonly size: number,
    public block: Block | null,
    public host: TypedArray | null,
  ) {}
}

/** A storage for each size. */
export type StoragesOf<Sizes extends readonly number[]> = { -readonly [I in keyof Sizes]: WasmStorage };
