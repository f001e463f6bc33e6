import type { DType, TypedArray } from '../base/dtype';
import { BackendError } from '../base/errors';
import { Allocator, type Block } from './allocator';
import type { Storage } from './backend';

const pageBytes = 65536;
const maximumBytes = 2 ** 32;
const growthBytes = 16 * 2 ** 20;

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

/** The linear memory above the workspace: who has which part of it, and the views to reach it from JavaScript. */
export class WasmHeap {
  floats!: Float32Array;
  ints!: Int32Array;
  readonly allocator: Allocator;
  poisoned = false;
  private staged: WasmStorage[] = [];

  constructor(
    private readonly memory: WebAssembly.Memory,
    from: number,
  ) {
    this.allocator = new Allocator(from, memory.buffer.byteLength, (bytes) => this.reach(bytes));
    this.refresh();
  }

  /** Growing detaches the views of unshared memory and leaves those of shared memory too short. */
  private refresh(): void {
    this.floats = new Float32Array(this.memory.buffer);
    this.ints = new Int32Array(this.memory.buffer);
  }
  /** Grows in large steps, since each one costs as much as many small operations. */
  private reach(bytes: number): number {
    const now = this.memory.buffer.byteLength;
    const roomy = Math.min(maximumBytes, Math.max(bytes, now + Math.max(growthBytes, now / 4)));
    for (const goal of [roomy, bytes]) {
      if (goal > maximumBytes) return 0;
      try {
        this.memory.grow(Math.ceil((goal - now) / pageBytes));
        this.refresh();
        return this.memory.buffer.byteLength;
      } catch {
        // The platform refuses so much at once; the exact need is tried next.
      }
    }
    return 0;
  }

  /** @throws BackendError `backend/out-of-memory` */
  private allocate(bytes: number): Block {
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
    if (this.poisoned) this.ints.fill(-1, block.offset / 4, (block.offset + block.bytes) / 4); // all ones is a NaN
    this.allocator.release(block);
  }

  /** Room that nobody gives back. @throws BackendError `backend/out-of-memory` */
  reserve(bytes: number): number {
    return this.allocator.reserve(bytes) ?? this.refuse(bytes);
  }

  /** Room for a result. */
  make(dtype: DType, size: number): WasmStorage {
    return new WasmStorage(dtype, size, this.allocate(4 * size), null);
  }
  /** Where the values are on the device; those of a host array are copied there first. */
  address(storage: Storage): number {
    const held = storage as WasmStorage;
    if (held.block !== null) return held.block.offset;
    this.staged.push(held);
    return this.upload(held).offset;
  }
  private upload(storage: WasmStorage): Block {
    const values = storage.host as TypedArray;
    const block = this.allocate(values.byteLength);
    storage.block = block;
    (values instanceof Float32Array ? this.floats : this.ints).set(values, block.offset / 4);
    return block;
  }
  /** A new array with the values on the device. */
  copy({ dtype, size, block }: WasmStorage): TypedArray {
    const from = (block as Block).offset / 4;
    return (dtype === 'float32' ? this.floats : this.ints).slice(from, from + size);
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
