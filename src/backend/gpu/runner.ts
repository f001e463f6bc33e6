import type { DType, TypedArray } from '../../base/dtype';
import { BackendError } from '../../base/errors';
import { type Shape, sizeOf } from '../../base/shape';
import type { Operand, Storage } from '../contract';
import type { GpuDevice, GpuHandle, GpuKernel } from './device';
import type { Dims } from './gpujs';
import type { GpuHeap } from './heap';
import { isPromise, type Later } from './queue';
import type { GpuCell, GpuStorage } from './storage';
import { storages } from './storages';

/** An operand under the extents that a kernel wants to see. Memory is dense, so that any extents of its size will do. */
export interface Seen {
  readonly operand: Operand;
  readonly dims: Dims;
}

/** An argument of a kernel: memory, or a number. */
export type Argument = Seen | number;

/** Memory under the extents that a kernel wants to see. */
export interface ViewOf {
  readonly handle: GpuHandle;
  readonly dims: Dims;
}

/** What the families of operations are written with: kernels over operands, in the order of the program. */
export class GpuRunner {
  readonly storages: ReturnType<typeof storages>;

  constructor(
    readonly device: GpuDevice,
    readonly heap: GpuHeap,
  ) {
    this.storages = storages(heap);
  }

  /**
   * Runs a kernel over an output [columns, rows, batch]. Extents are positive: results of nothing, and sums over
   * nothing, are `host` arrays.
   * @throws BackendError `gpu/too-large`
   */
  launch(kernel: GpuKernel, out: Dims, args: readonly Argument[], dtype: DType = 'float32'): GpuStorage {
    const seen = args.filter((arg) => typeof arg !== 'number');
    return this.compute(
      seen.map(({ operand }) => operand),
      out,
      (handles) => {
        let next = 0;
        return this.start(
          kernel,
          out,
          args.map((arg) => (typeof arg === 'number' ? arg : { handle: handles[next++] as GpuHandle, dims: arg.dims })),
        );
      },
      dtype,
      { lanes: kernel.vec4 === true ? 4 : 1, flat: kernel.flat === true },
    );
  }

  /**
   * A result of these extents, `lanes` numbers at each place, that a job makes from the handles of its operands when
   * the queue gets there. A flat one may have more columns than a device has threads along an axis.
   */
  compute(
    operands: readonly Operand[],
    out: Dims,
    job: (handles: readonly GpuHandle[]) => Later<GpuHandle>,
    dtype: DType = 'float32',
    { lanes = 1, flat = false }: { readonly lanes?: 1 | 4; readonly flat?: boolean } = {},
  ): GpuStorage {
    this.heap.queue.check();
    this.fits(out, lanes, flat);
    const cells: GpuCell[] = operands.map(({ storage }) => (storage as GpuStorage).cell);
    for (const cell of cells) this.heap.need(cell);
    return this.heap.make(dtype, lanes * sizeOf(out), () => job(cells.map((cell) => this.heap.handle(cell))));
  }

  /** In a job: runs a kernel over handles under the extents that it wants to see. */
  start(kernel: GpuKernel, out: Dims, args: readonly (ViewOf | number)[]): Later<GpuHandle> {
    const views: GpuHandle[] = [];
    const drop = (): void => {
      for (const view of views) this.device.delete(view);
    };
    try {
      const given = args.map((arg) => {
        if (typeof arg === 'number') return arg;
        const view = this.device.view(arg.handle, arg.dims);
        views.push(view);
        return view;
      });
      const made = this.device.launch(kernel, out, given);
      if (isPromise(made)) return made.finally(drop);
      drop();
      return made;
    } catch (error) {
      drop();
      throw error;
    }
  }

  /** Values that are known without the device. */
  host(values: TypedArray): GpuStorage {
    return this.storages.fromHost(values);
  }
  /** The values of an operand, if they are known without asking the device. */
  known({ storage }: Operand): TypedArray | null {
    return (storage as GpuStorage).cell.host;
  }
  free(...given: readonly Storage[]): void {
    for (const storage of given) this.storages.free(storage);
  }

  private fits(out: Dims, lanes: 1 | 4, flat: boolean): void {
    const { bytes, dims } = this.device.limits;
    const size = 4 * lanes * sizeOf(out);
    if (size <= bytes && (flat || out.every((extent, axis) => extent <= (dims[axis] as number)))) return;
    throw new BackendError({
      code: 'gpu/too-large',
      got: `an output of ${out.join(' × ')} (columns × rows × batch, ${size} bytes)`,
      expected: `at most ${dims.join(' × ')} and ${bytes} bytes, the limits of this device (${this.device.mode}: ${this.device.adapter})`,
      fix: 'split the batch or the matrix, or use the wasm backend, whose tensors share 4 GiB',
    });
  }
}

/** An operand under these extents. */
export function seen(operand: Operand, dims: Dims): Seen {
  return { operand, dims };
}

/** An operand as one row. */
export function flat(operand: Operand): Seen {
  return { operand, dims: [operand.storage.size, 1, 1] };
}

/** A storage of our own, as an operand. */
export function operandOf(storage: Storage, shape: Shape = [storage.size]): Operand {
  return { storage, shape, dtype: storage.dtype };
}
