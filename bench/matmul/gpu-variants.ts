import type { Backend, Operand, Storage } from '../../src/backend/contract';
import type { GpuBackend } from '../../src/backend/gpu/backend';
import { multiply, plain, simple } from '../../src/backend/gpu/products/multiply';
import { packed } from '../../src/backend/gpu/products/packed-gl';
import type { Factor, ProductKernel } from '../../src/backend/gpu/products/product';
import { tiled } from '../../src/backend/gpu/products/tiled-wgsl';
import { GpuRunner } from '../../src/backend/gpu/runner';

/** The kernels of one device side by side. */
export interface GpuVariants {
  /** [m, k]·[k, n] by each kernel that this device has, the naive one first. */
  readonly products: Readonly<Record<string, (a: Operand, b: Operand) => Storage>>;
  /** Resolves when the device has done everything that it was asked for. */
  finished(): Promise<void>;
}

/** What a GPU backend could do a product with; by itself it chooses. */
export function gpuMatmulVariants(backend: Backend): GpuVariants {
  const { on } = backend as Partial<GpuBackend>;
  if (!(on instanceof GpuRunner)) throw new Error('gpuMatmulVariants wants what gpu() has made');
  const matrix = ({ shape: [rows, columns] }: Operand): Pick<Factor, 'rows' | 'columns'> => ({
    rows: rows as number,
    columns: columns as number,
  });
  const by = (kernel?: ProductKernel) => (a: Operand, b: Operand) => {
    const factor = (operand: Operand): Factor => ({ operand, ...matrix(operand), transpose: false, step: 0, from: 0 });
    const { rows: m, columns: k } = matrix(a);
    const product = { a: factor(a), b: factor(b), m, k, n: matrix(b).columns, batch: 1, start: null };
    return multiply(on, product, kernel);
  };
  const fast = on.device.mode === 'webgpu' ? { tiled: by(tiled) } : { packed: by(packed) };
  return {
    products: { naive: by(simple), unrolled: by(plain), ...fast, chosen: by() },
    async finished() {
      await on.heap.queue.settled();
      await on.device.finished();
    },
  };
}
