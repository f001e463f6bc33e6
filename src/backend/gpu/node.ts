/** The part of the package `webgpu` used here: Dawn, for Node. */
interface Dawn {
  create(options: readonly string[]): { requestAdapter(): Promise<unknown> };
  readonly globals: object;
}

/**
 * Makes sure that `navigator.gpu` exists and has an adapter; in Node it comes from the package `webgpu`, if that is
 * installed. Returns why there is none, or null.
 */
export async function findWebGpu(): Promise<string | null> {
  const provider = globalThis.navigator?.gpu ?? (await startDawn());
  if (typeof provider === 'string') return provider;
  const adapter = await provider.requestAdapter().catch(() => null);
  return adapter === null ? 'navigator.gpu is there, but it has no adapter (no driver, or it is blocked)' : null;
}

/** Puts Node's WebGPU where browsers have theirs, which is where gpu.js looks. */
async function startDawn(): Promise<GPU | string> {
  if (typeof process === 'undefined' || process.versions?.node === undefined)
    return 'this browser has no navigator.gpu';
  const name = 'webgpu'; // a variable keeps bundlers for browsers from looking for it
  let dawn: Dawn;
  try {
    dawn = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as Dawn;
  } catch (error) {
    return `Node has no WebGPU of its own, and the package webgpu could not be loaded (${error instanceof Error ? error.message.split('\n')[0] : String(error)})`;
  }
  if (typeof dawn.create !== 'function')
    return 'Node has no WebGPU of its own, and the package webgpu is not installed';
  Object.assign(globalThis, dawn.globals);
  const gpu = dawn.create([]) as unknown as GPU;
  // Node 20 has no navigator at all, later ones have one that cannot be extended.
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true, writable: true });
  return gpu;
}
