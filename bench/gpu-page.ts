import { type GpuMode, gpu } from '../src/gpu';
import { gpuMatmulVariants } from './matmul/gpu-variants';
import { measure } from './matmul/rounds';

/** What a page runs for `gpu-in-chromium.ts`: the rounds of `npm run bench:matmul`. */
async function bench(mode: GpuMode, size: number, repeats: number): ReturnType<typeof measure> {
  const backend = await gpu({ mode });
  const { products, finished } = gpuMatmulVariants(backend);
  const variants = Object.entries(products).map(([name, product]) => ({ name, on: backend, product }));
  return measure({ backend, variants, finished }, size, repeats, 0);
}

Object.assign(globalThis, { bench });
