import type { DType, TypedArray } from '../../base/dtype';
import { BackendError } from '../../base/errors';
import type { Memory } from '../contract';
import type { GpuDevice, GpuHandle } from './device';
import { exact } from './exact';
import { type GpuQueue, isPromise, type Later } from './queue';
import { GpuCell, GpuStorage } from './storage';

/**
 * Who has which memory of the device. Everything is counted when it is asked for; the device itself follows when the
 * queue gets there. On the device every number is a float32, int32 ones too: exact to 2²⁴ in size.
 */
export class GpuHeap {
  /** What `memory()` reports. */
  readonly live = { tensors: 0, bytes: 0, peakBytes: 0 } satisfies Memory;
  /** Cells with copies of host arrays that go when their scope ends. */
  readonly staged: GpuCell[] = [];

  constructor(
    readonly device: GpuDevice,
    readonly queue: GpuQueue,
  ) {}

  /** Memory for a result; the job makes its handle when the queue gets there. */
  make(dtype: DType, size: number, job: () => Later<GpuHandle>): GpuStorage {
    const cell = new GpuCell(null, 4 * size);
    this.fill(cell, job);
    return new GpuStorage(cell, dtype, size);
  }

  /**
   * The values will be on the device when the queue gets there: those of a host array go there first.
   * @throws BackendError `gpu/inexact`
   */
  need(cell: GpuCell): void {
    if (cell.present) return;
    const values = cell.host as TypedArray;
    if (values instanceof Int32Array) checkWhole(values);
    this.staged.push(cell);
    this.fill(cell, () => {
      const floats = values instanceof Float32Array ? values : Float32Array.from(values);
      return this.device.upload(floats, [values.length, 1, 1]);
    });
  }

  /** In a job: what the jobs before have made of it. */
  handle(cell: GpuCell): GpuHandle {
    if (cell.failure !== null) throw cell.failure.error;
    return cell.handle as GpuHandle;
  }

  /** A copy of the values. */
  values({ cell, dtype, size }: GpuStorage): Later<TypedArray> {
    if (cell.host !== null) return cell.host.slice();
    const convert = (floats: Float32Array): TypedArray => (dtype === 'float32' ? floats : wholesOf(floats));
    const read = this.queue.run(() => this.device.read(this.handle(cell), size));
    return isPromise(read) ? read.then(convert) : convert(read);
  }

  private fill(cell: GpuCell, job: () => Later<GpuHandle>): void {
    const keep = (handle: GpuHandle): void => {
      cell.handle = handle;
    };
    const fail = (error: unknown): never => {
      cell.failure = { error };
      throw error;
    };
    this.queue.run((): Later<void> => {
      try {
        const handle = job();
        return isPromise(handle) ? handle.then(keep, fail) : keep(handle);
      } catch (error) {
        return fail(error);
      }
    });
    cell.present = true;
    this.weigh(cell, 1);
  }

  /** One life less; the last one takes the memory along. */
  release(cell: GpuCell): void {
    cell.users -= 1;
    if (cell.users === 0) this.drop(cell);
  }

  /** Give the device memory back, after everything that was asked for before. */
  drop(cell: GpuCell): void {
    if (!cell.present) return;
    this.weigh(cell, -1);
    cell.present = false;
    this.queue.run(() => {
      if (cell.handle !== null) this.device.delete(cell.handle);
      cell.handle = null;
    });
  }

  /** One life more or less that counts as a live tensor. */
  count(cell: GpuCell, change: 1 | -1): void {
    this.weigh(cell, -1);
    cell.counted += change;
    this.weigh(cell, 1);
  }
  /** Adds or takes away what a cell weighs in `memory()`: something if it is on the device and has a counted life. */
  private weigh(cell: GpuCell, sign: 1 | -1): void {
    if (!cell.present || cell.counted === 0) return;
    this.live.tensors += sign;
    this.live.bytes += sign * cell.bytes;
    this.live.peakBytes = Math.max(this.live.peakBytes, this.live.bytes);
  }
}

/** Whole numbers that would change on the way must not go there. @throws BackendError `gpu/inexact` */
function checkWhole(values: Int32Array): void {
  const large = values.find((x) => Math.abs(x) > exact);
  if (large === undefined) return;
  throw new BackendError({
    code: 'gpu/inexact',
    got: `an int32 tensor with ${large} for an operation on the GPU, which computes in float32`,
    expected: 'int32 numbers from −2²⁴ to 2²⁴, or int32 operands whose values the host knows, which are compared there',
    fix: 'use smaller numbers, or the wasm backend',
  });
}

/** Int32 numbers from the floats that stand for them on the device. */
function wholesOf(floats: Float32Array): Int32Array {
  return Int32Array.from(floats, (x) => Math.min(Math.max(x, -(2 ** 31)), 2 ** 31 - 1));
}
