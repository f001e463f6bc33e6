import { BackendError } from '../../base/errors';
import { bytesOf } from './bytes-of';
import type { Kernels } from './generated/kernels';
import { baseline, memoryFlag, relaxed } from './generated/wasm-binaries';

/** Relaxed SIMD has a fused multiply-add, baseline SIMD runs everywhere: bits may differ between the two. */
export type Build = 'baseline' | 'relaxed';

/** Kernels and the memory they work in. */
export interface WasmModule {
  readonly kernels: Kernels;
  readonly memory: WebAssembly.Memory;
  /** For further instances over the same memory. */
  readonly module: WebAssembly.Module;
}

const initialPages = 256; // 16 MiB; the system commits what is touched
const maximumPages = 65536; // 4 GiB

/** What a binary says of the memory it imports; only the first bit is set where it was compiled. */
const withMaximum = 1;
const sharedMemory = 2;

/** A function that does nothing but `f32x4.relaxed_madd`. */
const relaxedProbe = [
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02, 0x01, 0x00,
  0x0a, 0x13, 0x01, 0x11, 0x00, 0x41, 0x00, 0xfd, 0x11, 0x41, 0x00, 0xfd, 0x11, 0x41, 0x00, 0xfd, 0x11, 0xfd, 0x85,
  0x02, 0x0b,
];

export function relaxedAvailable(): boolean {
  return WebAssembly.validate(new Uint8Array(relaxedProbe));
}

/** Pages have shared memory only when they are isolated from other origins; elsewhere it exists or not. */
export function sharedAvailable(): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && globalThis.crossOriginIsolated !== false;
}

/**
 * The build that was asked for, or the best there is.
 * @throws BackendError `backend/unavailable` when relaxed SIMD was asked for and does not exist here
 */
export function chooseBuild(asked: Build | undefined): Build {
  if (asked === 'baseline') return asked;
  if (relaxedAvailable()) return 'relaxed';
  if (asked === undefined) return 'baseline';
  throw new BackendError({
    code: 'backend/unavailable',
    got: "wasmBackend got build = 'relaxed', and this platform has no relaxed SIMD",
    expected: 'Node 22 or later, or a current browser',
    fix: "leave the option out, pass 'baseline', or start Node 20 with --experimental-wasm-relaxed-simd",
  });
}

/** Most of the two builds is the same, so one is embedded, with the differences of the other. */
export function binaryOf(build: Build): Uint8Array<ArrayBuffer> {
  const base = bytesOf(baseline);
  if (build === 'baseline') return base;
  const pieces = relaxed.flatMap(([from, length, then]) => [base.subarray(from, from + length), bytesOf(then)]);
  const binary = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    binary.set(piece, at);
    at += piece.length;
  }
  return binary;
}

/** @throws BackendError `backend/csp` where the page's Content Security Policy forbids to compile */
function compiled(binary: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  try {
    return new WebAssembly.Module(binary);
  } catch (error) {
    // Browsers throw errors of different classes for it, which others may also be; but these bytes were fine to compile.
    const refused = error instanceof WebAssembly.CompileError || error instanceof EvalError;
    if (!refused || !WebAssembly.validate(binary)) throw error;
    throw new BackendError({
      code: 'backend/csp',
      got: `this page may not compile WebAssembly (${error.message})`,
      expected: "a Content Security Policy whose script-src has 'wasm-unsafe-eval'",
      fix: "add 'wasm-unsafe-eval' to script-src, or use setBackend(referenceBackend()), which needs no WebAssembly and is slow",
    });
  }
}

/** Compile and start: under a millisecond, synchronously. @throws BackendError `backend/csp` */
export function instantiate(build: Build): WasmModule {
  const shared = sharedAvailable();
  const binary = binaryOf(build);
  if (shared) binary[memoryFlag] = withMaximum | sharedMemory;
  const memory = new WebAssembly.Memory({ initial: initialPages, maximum: maximumPages, shared });
  const module = compiled(binary);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return { kernels: exports as unknown as Kernels, memory, module };
}
