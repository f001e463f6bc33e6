import { availableParallelism } from 'node:os';
import { type Backend, referenceBackend, type Storage, wasmBackend } from '../../src/index';

export const benchTargets = ['wasm', 'gpu'] as const;
export const benchModes = ['auto', 'webgpu', 'headlessgl', 'webgl2'] as const;

type Operand = Parameters<Backend['matmul']>[0];

/** One way to make the product of two square matrices. */
interface BenchVariant {
  readonly name: string;
  /** Who holds the matrices and the result. */
  readonly on: Backend;
  product(a: Operand, b: Operand): Storage;
}

/** What is measured on. */
export interface BenchDevice {
  /** Says what runs. */
  readonly backend: Backend;
  /** The naive one first. */
  readonly variants: readonly BenchVariant[];
  /** Resolves when everything asked for has been computed. */
  finished(): Promise<void>;
}

/** @throws BackendError where there is no such device */
export async function benchDevice(
  target: (typeof benchTargets)[number],
  mode: (typeof benchModes)[number],
): Promise<BenchDevice> {
  return target === 'gpu' ? gpuDevice(mode) : wasmDevice();
}

/** gpu.js is loaded when it is asked for. */
async function gpuDevice(mode: (typeof benchModes)[number]): Promise<BenchDevice> {
  const [{ gpu }, { gpuMatmulVariants }] = await Promise.all([import('../../src/gpu'), import('./gpu-variants')]);
  const backend = await gpu({ mode });
  const { products, finished } = gpuMatmulVariants(backend);
  const variants = Object.entries(products).map(([name, product]) => ({ name, on: backend, product }));
  return { backend, variants, finished };
}

/** Plain loops on the same processor, and the kernels on one thread and on all. */
async function wasmDevice(): Promise<BenchDevice> {
  const [single, all] = [wasmBackend(), wasmBackend()];
  const threads = Math.min(64, availableParallelism());
  await all.setThreads?.(threads);
  const on = (name: string, backend: Backend): BenchVariant => ({
    name,
    on: backend,
    product: (a, b) => backend.matmul(a, b, false, false, [a.shape[0] as number, b.shape[1] as number], null),
  });
  const variants = [on('naive', referenceBackend()), on('wasm, 1 thread', single)];
  if (threads > 1) variants.push(on(`wasm, ${threads} threads`, all));
  return { backend: all, variants, finished: async () => {} };
}
