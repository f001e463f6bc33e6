/** What is measured, in order. Plain data, so that it crosses to the worker. */

/** What computes. `baseline` is the build without relaxed SIMD, on one thread. */
export type DeviceName = 'wasm' | 'threads' | 'baseline' | 'webgpu' | 'webgl2';

/** One number that is measured. */
export type Row =
  | { readonly id: string; readonly kind: 'product'; readonly device: DeviceName; readonly size: number }
  | { readonly id: string; readonly kind: 'training'; readonly device: DeviceName }
  | { readonly id: string; readonly kind: 'memory'; readonly shared: boolean };

/** The small GPT of docs/benchmarks.md. */
export const small = { vocabularySize: 96, width: 128, heads: 4, layers: 4, context: 64 } as const;
/** Sequences of one step. */
export const batch = 8;

export const deviceTitles: Readonly<Record<DeviceName, string>> = {
  wasm: 'WebAssembly, one thread',
  threads: 'WebAssembly, all threads',
  baseline: 'WebAssembly, one thread, baseline build',
  webgpu: 'WebGPU',
  webgl2: 'WebGL 2',
};

const sizes: Readonly<Record<DeviceName, readonly number[]>> = {
  wasm: [128, 256, 512, 1024],
  threads: [128, 256, 512, 1024],
  baseline: [512],
  webgpu: [256, 512, 1024],
  webgl2: [256, 512, 1024],
};

const product = (device: DeviceName): Row[] =>
  sizes[device].map((size) => ({ id: `product-${device}-${size}`, kind: 'product', device, size }));
const training = (device: DeviceName): Row => ({ id: `training-${device}`, kind: 'training', device });

/** GPUs last: a driver that hangs costs no other number. */
export const rows: readonly Row[] = [
  ...product('wasm'),
  ...product('baseline'),
  ...product('threads'),
  training('wasm'),
  training('threads'),
  { id: 'memory', kind: 'memory', shared: false },
  { id: 'memory-shared', kind: 'memory', shared: true },
  ...product('webgl2'),
  ...product('webgpu'),
];

/** What a row is called where its device is said elsewhere. */
export function titleOf(row: Row): string {
  if (row.kind === 'product') return `${row.size}×${row.size}×${row.size}`;
  if (row.kind === 'training') return 'a training step of a small GPT';
  return row.shared ? 'shared among threads' : 'of one thread';
}

/** What a row is called on its own. */
export function fullTitleOf(row: Row): string {
  if (row.kind === 'memory') return `memory ${titleOf(row)}`;
  return `${row.kind === 'product' ? `product ${titleOf(row)}` : titleOf(row)}, ${deviceTitles[row.device]}`;
}

/** What the number of a row counts. */
export function unitOf(row: Row): 'GFLOP/s' | 'tokens/s' | 'GiB' {
  return ({ product: 'GFLOP/s', training: 'tokens/s', memory: 'GiB' } as const)[row.kind];
}
