import { naive, unrolled } from '../../../../kernels/gpujs/products';
import type { Storage } from '../../contract';
import { exact } from '../exact';
import { type GpuRunner, operandOf } from '../runner';
import { packed } from './packed-gl';
import { type Product, type ProductKernel, started, stored } from './product';
import { tiled } from './tiled-wgsl';

/**
 * The rung of the ladder in `kernels/gpujs/products.ts` that suits a product. `packed` and `tiled` reuse what they fetch,
 * which pays when there is enough of it to make up for their further launches: WebGPU takes `tiled` from a work of 12³ on,
 * WebGL `packed` from 24³ on. Drivers of GL take seconds to compile a program with as many fetches as `plain` has, and
 * again for other sizes of textures, so there it only does what nothing else can.
 */
function kernelFor({ device }: GpuRunner, { m, k, n, batch, start }: Product): ProductKernel {
  const work = batch * m * k * n;
  if (device.mode === 'webgpu') return work < 12 ** 3 ? plain : tiled;
  if (work < 24 ** 3 && k <= device.limits.loop && start === null) return simple;
  return batch * (Math.max(m, k) + 4) < exact ? packed : plain; // packed rows are counted in float32
}

/** The product, over several launches if the sums are too long for one thread: each goes on from the sum of the one before. */
export function multiply(on: GpuRunner, product: Product, kernel = kernelFor(on, product)): Storage {
  const longest = 4 * on.device.limits.loop; // no kernel here takes more than one turn of its loop for four terms
  const { batch, m, n } = product;
  let sum: Storage | null = null;
  for (let from = 0; from < product.k; from += longest) {
    const next: Storage = kernel(on, {
      ...product,
      a: { ...product.a, from: product.a.from + from },
      b: { ...product.b, from: product.b.from + from },
      k: Math.min(longest, product.k - from),
      start: sum === null ? product.start : operandOf(sum, [batch, m, n]),
    });
    if (sum !== null) on.free(sum);
    sum = next;
  }
  return sum as Storage;
}

/** One thread for each number of the result; four terms in a turn of its loop. */
export const plain: ProductKernel = (on, product) => {
  const { a, b, m, k, n, batch, start } = product;
  const fours = Math.floor(k / 4);
  const kernel = {
    source: unrolled(a.transpose, b.transpose, start !== null),
    integers: ['fromA', 'fromB', 'fours', 'rest'],
  };
  const numbers = [a.from, b.from, fours, k - 4 * fours, a.step, b.step];
  return on.launch(kernel, [n, m, batch], [...started(product), stored(a, batch), stored(b, batch), ...numbers]);
};

/** The product as one writes it first: what the others are measured against. For sums of one launch. */
export const simple: ProductKernel = (on, { a, b, m, k, n, batch }) =>
  on.launch(
    { source: naive(a.transpose, b.transpose) },
    [n, m, batch],
    [stored(a, batch), stored(b, batch), k, a.step, b.step],
  );
