import type { DType, TypedArray } from '../../base/dtype';
import { BackendError } from '../../base/errors';
import type { Storage } from '../contract';
import { Allocator, type Block } from './allocator';
import { type StoragesOf, WasmStorage } from './storage';

const pageBytes = 65536;
const maximumBytes = 2 ** 32;
const growthBytes = 16 * 2 ** 20;

/** Where the values of a storage are on the device. */
export type At = (storage: Storage) => number;

/**
 * The linear memory above the workspace: which storage has which part of it, and the views to reach it from JavaScript.
 *
 * Whatever needs room (`need`, `make`) may move all other blocks (`allocator.ts` says when, and why), so an address is good
 * only until then. No stale address can be used: addresses are given out only inside `run` and `spread` of `WasmDevice`,
 * where a request for room is an error. Storages hold blocks and not addresses, so a move has one number to correct.
 */
export class WasmHeap {
  floats!: Float32Array;
  ints!: Int32Array;
  readonly allocator: Allocator;
  poisoned = false;
  private staged: WasmStorage[] = [];
  private pins = 0;

  constructor(
    private readonly memory: WebAssembly.Memory,
    from: number,
  ) {
    this.allocator = new Allocator(
      from,
      memory.buffer.byteLength,
      (bytes, enough) => this.reach(bytes, enough),
      (from, to, bytes) => this.move(from, to, bytes),
    );
    this.refresh();
  }

  /** Bytes that memory has now, in use or not. */
  get taken(): number {
    return this.memory.buffer.byteLength;
  }
  /** Growing detaches the views of unshared memory and leaves those of shared memory too short. */
  private refresh(): void {
    this.floats = new Float32Array(this.memory.buffer);
    this.ints = new Int32Array(this.memory.buffer);
  }
  /** Grows in large steps, since each one costs as much as many small operations. */
  private reach(bytes: number, enough: number): number {
    const now = this.memory.buffer.byteLength;
    const step = Math.min(enough, now + Math.max(growthBytes, now / 4), maximumBytes);
    for (const goal of [Math.max(bytes, step), bytes]) {
      if (goal > maximumBytes) return 0;
      try {
        this.memory.grow(Math.ceil((goal - now) / pageBytes));
        this.refresh();
        return this.memory.buffer.byteLength;
      } catch {
        // The platform refuses this much at once; the exact need is tried next.
      }
    }
    return 0;
  }
  private move(from: number, to: number, bytes: number): void {
    this.ints.copyWithin(to / 4, from / 4, (from + bytes) / 4);
    if (!this.poisoned) return;
    if (to < from) this.poison(Math.max(from, to + bytes), from + bytes);
    else this.poison(from, Math.min(to, from + bytes));
  }
  private poison(from: number, to: number): void {
    this.ints.fill(-1, from / 4, to / 4); // all ones is a NaN
  }

  /** @throws BackendError `backend/out-of-memory` */
  private allocate(bytes: number): Block {
    if (this.pins > 0) throw new Error('room was asked for while addresses are in use, and would have moved them');
    return this.allocator.allocate(bytes) ?? this.refuse(bytes);
  }
  private refuse(bytes: number): never {
    const { tensors, bytes: live } = this.allocator.memory();
    throw new BackendError({
      code: 'backend/out-of-memory',
      got: `${bytes} bytes were needed while ${tensors} tensors hold ${live} bytes`,
      expected: 'all live tensors to fit in the 4 GiB of WebAssembly memory, and in what the system gives',
      fix: 'use a smaller batch or model, or free tensors earlier with scope()',
    });
  }
  private release(block: Block): void {
    block.users -= 1;
    if (block.users > 0) return;
    if (this.poisoned) this.poison(block.offset, block.offset + block.bytes);
    this.allocator.release(block);
  }

  /** Room that is never given back, and stays where it is. @throws BackendError `backend/out-of-memory` */
  reserve(bytes: number): number {
    return this.allocator.reserve(bytes) ?? this.refuse(bytes);
  }

  /** Room for a result. @throws BackendError `backend/out-of-memory` */
  make(dtype: DType, size: number): WasmStorage {
    return new WasmStorage(dtype, size, this.allocate(4 * size), null);
  }
  /** Room for several results, or for none of them. @throws BackendError `backend/out-of-memory` */
  makeAll<const Sizes extends readonly number[]>(sizes: Sizes, dtype: DType = 'float32'): StoragesOf<Sizes> {
    const made: WasmStorage[] = [];
    try {
      for (const size of sizes) made.push(this.make(dtype, size));
      return made as readonly WasmStorage[] as StoragesOf<Sizes>;
    } catch (error) {
      for (const storage of made) this.free(storage);
      throw error;
    }
  }
  /** See to it that the values are on the device; those of a host array are copied there. */
  need(storage: Storage): void {
    const held = storage as WasmStorage;
    if (held.block !== null) return;
    this.upload(held);
    this.staged.push(held);
  }
  /** Nothing moves between this call and `unpin`. Only `WasmDevice` calls it, for as long as kernels run. */
  pin(): At {
    this.pins += 1;
    return this.at;
  }
  unpin(): void {
    this.pins -= 1;
  }
  private readonly at: At = (storage) => {
    const { block } = storage as WasmStorage;
    if (block === null || this.pins === 0)
      throw new Error('an address of values that are not on the device, or may move');
    return block.offset;
  };
  private upload(storage: WasmStorage): Block {
    const values = storage.host as TypedArray;
    const block = this.allocate(values.byteLength);
    storage.block = block;
    (values instanceof Float32Array ? this.floats : this.ints).set(values, block.offset / 4);
    return block;
  }
  /** The values on the device where they are, until something needs room. */
  view({ dtype, size, block }: WasmStorage): TypedArray {
    const from = (block as Block).offset / 4;
    return (dtype === 'float32' ? this.floats : this.ints).subarray(from, from + size);
  }
  /** A new array with the values on the device. */
  copy(storage: WasmStorage): TypedArray {
    return this.view(storage).slice();
  }

  /** Let go of the device's part. */
  free(storage: WasmStorage): void {
    this.release(storage.block as Block);
    storage.block = null;
  }
  collectable(storage: WasmStorage): void {
    storage.host = this.copy(storage);
    this.free(storage);
  }
  resident(storage: WasmStorage): void {
    if (storage.block === null) this.upload(storage);
    storage.host = null;
  }
  enter(): number {
    return this.staged.length;
  }
  /** Storages that were freed or became resident since have nothing left to drop. */
  leave(mark: number): void {
    for (let i = mark; i < this.staged.length; i++) {
      const storage = this.staged[i] as WasmStorage;
      if (storage.host !== null && storage.block !== null) this.free(storage);
    }
    this.staged.length = mark;
  }
}
