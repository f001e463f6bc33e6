import { gpuMatmulVariants } from '../src/backend/gpu/products/variants';
import { measure } from '../src/cli/bench-matmul';
import { type GpuMode, gpu } from '../src/gpu';

/** What a page runs for `gpu-in-chromium.ts`: the rounds of `floragrad bench matmul`. */
async function bench(mode: GpuMode, size: number, repeats: number): ReturnType<typeof measure> {
  const backend = await gpu({ mode });
  const { products, finished } = gpuMatmulVariants(backend);
  const variants = Object.entries(products).map(([name, product]) => ({ name, on: backend, product }));
  return measure({ backend, variants, finished }, size, repeats, 0);
}

Object.assign(globalThis, { bench });
