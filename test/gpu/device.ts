import type { Backend } from '../../src/index';

/** What is behind a GPU backend, as far as tests look. */
interface Inside {
  readonly device: {
    readonly mode: string;
    readonly count: { readonly created: number; readonly deleted: number };
    readonly context: { readonly device: { destroy(): void; readonly lost: Promise<unknown> } } | null;
    readonly gpu: { readonly context: WebGL2RenderingContext | null };
  };
  readonly heap: { readonly queue: { settled(): Promise<void> } };
}
const inside = (backend: Backend): Inside => (backend as unknown as { readonly on: Inside }).on;

/** References to device memory that were taken and given back so far. */
export function countsOf(backend: Backend): { created: number; deleted: number } {
  return { ...inside(backend).device.count };
}

/**
 * The collector has taken what left all scopes, such as the loss that a step returns, and the device has done all that
 * was asked for.
 */
export async function settled(backend: Backend): Promise<void> {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error('the collector cannot be asked: run with --expose-gc');
  for (let round = 0; round < 3; round++) {
    gc();
    await new Promise((resume) => setTimeout(resume, 20)); // finalizers run between macrotasks
  }
  await inside(backend).heap.queue.settled();
}

/** Takes the device away as a driver would. Headless GL has no way to do that. */
export async function lose(backend: Backend): Promise<void> {
  const { context, gpu } = inside(backend).device;
  if (context !== null) {
    context.device.destroy();
    await context.device.lost;
  } else {
    const gl = gpu.context as WebGL2RenderingContext;
    (gl.getExtension('WEBGL_lose_context') as WEBGL_lose_context).loseContext();
  }
}
