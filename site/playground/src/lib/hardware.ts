import type { BackendName } from '../training/contract';

/** A backend that a visitor may choose, or why not. */
export interface Choice {
  readonly name: BackendName;
  readonly title: string;
  /** null: it is there. */
  readonly missing: string | null;
}

/** Looks for GPUs without starting a training on them. */
export async function findBackends(): Promise<readonly Choice[]> {
  return [
    { name: 'wasm', title: 'WebAssembly', missing: null },
    { name: 'webgpu', title: 'WebGPU', missing: await missingWebgpu() },
    { name: 'webgl2', title: 'WebGL 2', missing: missingWebgl2() },
  ];
}

async function missingWebgpu(): Promise<string | null> {
  if (!isSecureContext) return 'browsers offer WebGPU only to pages from https, localhost or a file';
  if (!navigator.gpu) return 'this browser has no WebGPU';
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  return adapter ? null : 'the browser has WebGPU, and found no adapter for it';
}

function missingWebgl2(): string | null {
  if (typeof OffscreenCanvas === 'undefined') return 'this browser draws with WebGL in the page only, not in a worker';
  const context = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!context) return 'this browser has no WebGL 2';
  // Results are kept in textures of 32-bit floats, which must be allowed as targets.
  const missing = context.getExtension('EXT_color_buffer_float')
    ? null
    : 'WebGL 2 is there, but does not draw into 32-bit floats';
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return missing;
}

/** One sentence on threads. */
export function threadsSentence(isolated: boolean, cores: number): string {
  if (!isolated) {
    return 'One thread for each training: the page is not cross-origin isolated, so browsers give it no shared memory.';
  }
  return `The page is cross-origin isolated: trainings may share memory among threads (${cores} cores are reported).`;
}

/** What a backend says of itself, `key: value, key: value`, whole and in short: `wasm, baseline build, 1 thread`. */
export function backendWords(line: string): {
  readonly short: string;
  readonly all: readonly (readonly [string, string])[];
} {
  const all = line.split(/, (?=\w+: )/).flatMap((pair) => {
    const [, key, value] = /^(\w+): (.*)$/.exec(pair) ?? [];
    return key !== undefined && value !== undefined ? [[key, value] as const] : [];
  });
  const of = new Map(all);
  const threads = of.get('threads');
  const parts = [
    of.get('backend'),
    of.has('build') ? `${of.get('build')} build` : of.get('mode'),
    threads && `${threads} ${threads === '1' ? 'thread' : 'threads'}`,
  ];
  return { short: parts.filter(Boolean).join(', '), all };
}
