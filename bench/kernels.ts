import type { Backend, Operand, Storage } from '../src/backend/contract';
import { wasmBackend } from '../src/backend/wasm/backend';
import { fillRow } from '../src/base/distribution';
import type { Shape } from '../src/base/shape';
import { sizeOf } from '../src/base/shape';

/**
 * Speed of the kernels on this machine, best of several repetitions after a warm-up: GFLOP/s of products, ns per
 * element of everything else, µs of an operation on 8 elements (what a call costs).
 */
const backend = wasmBackend(process.argv.includes('--baseline') ? { build: 'baseline' } : {});

function operand(on: Backend, shape: Shape): Operand {
  const values = new Float32Array(sizeOf(shape));
  fillRow('normal', [1, 2], 0, 0, values);
  const storage = on.fromHost(values);
  on.resident(storage);
  return { storage, shape, dtype: 'float32' };
}

/** Seconds of one call: the best of 9 batches of at least 20 ms. */
function seconds(run: () => Storage): number {
  let best = Number.POSITIVE_INFINITY;
  let calls = 1;
  for (let batch = 0; batch < 9; ) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) backend.free(run());
    const elapsed = performance.now() - start;
    if (elapsed < 20) calls *= 2;
    else {
      best = Math.min(best, elapsed / calls / 1000);
      batch += 1;
    }
  }
  return best;
}

function report(name: string, value: number, unit: string): void {
  console.log(`${name.padEnd(36)} ${value.toFixed(2).padStart(9)} ${unit}`);
}

function product(m: number, k: number, n: number, [ta, tb]: [boolean, boolean] = [false, false]): void {
  const a = operand(backend, ta ? [k, m] : [m, k]);
  const b = operand(backend, tb ? [n, k] : [k, n]);
  const time = seconds(() => backend.matmul(a, b, ta, tb, [m, n], null));
  report(`matmul ${m}×${k}×${n}${ta ? ' Aᵀ' : ''}${tb ? ' Bᵀ' : ''}`, (2 * m * k * n) / time / 1e9, 'GFLOP/s');
  for (const { storage } of [a, b]) backend.free(storage);
}

function perElement(name: string, size: number, run: () => Storage): void {
  report(name, (seconds(run) / size) * 1e9, 'ns per element');
}

console.log(backend.describe());
for (const n of [16, 32, 64, 128, 256, 512, 1024]) product(n, n, n);
product(512, 512, 512, [false, true]);
product(512, 512, 512, [true, false]);
product(512, 128, 128);
product(1024, 1024, 16);
product(1024, 16, 1024);
product(1, 1024, 1024);
product(1, 1024, 1024, [false, true]);
product(1024, 1024, 1);

const heads = operand(backend, [32, 64, 32]);
const scores = seconds(() => backend.matmul(heads, heads, false, true, [32, 64, 64], null));
report('matmul 32 × (64×32×64 Bᵀ)', (32 * 2 * 64 * 32 * 64) / scores / 1e9, 'GFLOP/s');

const gradient = operand(backend, [1024, 1024]);
const projection = { kind: 'normal', key: [1, 2], rows: 64, columns: 1024, scale: 0.125 } as const;
const down = seconds(() => backend.matmulRandom(gradient, projection, 'right', true));
report('matmulRandom 1024×1024×64 Aᵀ', (2 * 1024 * 1024 * 64) / down / 1e9, 'GFLOP/s');
perElement('random normal', 2 ** 20, () => backend.random('normal', [1, 2], [1024, 1024]));
perElement('random rademacher', 2 ** 20, () => backend.random('rademacher', [1, 2], [1024, 1024]));

const size = 2 ** 20;
const x = operand(backend, [1024, 1024]);
const row = operand(backend, [1024]);
const column = operand(backend, [1024, 1]);
for (const op of ['gelu', 'silu', 'relu'] as const) perElement(op, size, () => backend.activation(op, x));
for (const op of ['exp', 'log', 'tanh'] as const) perElement(op, size, () => backend.unary(op, x));
for (const op of ['add', 'pow'] as const) perElement(op, size, () => backend.binary(op, x, x, x.shape));
perElement('gelu gradient', size, () => backend.activationGrad('gelu', x, x));
perElement('add [1024]', size, () => backend.binary('add', x, row, x.shape));
perElement('add [1024, 1]', size, () => backend.binary('add', x, column, x.shape));
perElement('softmax', size, () => backend.softmax(x));
perElement('layerNorm', size, () => backend.layerNorm(x, row, row, 1e-5));
perElement('sum of rows', size, () => backend.reduce('sum', x, [1024, 1024, 1]));
perElement('sum of columns', size, () => backend.reduce('sum', x, [1, 1024, 1024]));
perElement('transpose', size, () => backend.strided(x, [1024, 1024], [1, 1024], 0));
perElement('[8, 128, 8, 128] → [8, 8, 128, 128]', size, () =>
  backend.strided(x, [8, 8, 128, 128], [131072, 128, 1024, 1], 0),
);

const eight = operand(backend, [8]);
const matrix = operand(backend, [8, 8]);
for (const [name, run] of Object.entries({
  'unary on 8 elements': () => backend.unary('neg', eight),
  'binary on 8 elements': () => backend.binary('add', eight, eight, eight.shape),
  'binary with a number': () => backend.binary('mul', eight, 2, eight.shape),
  'binary [8, 8] and [8]': () => backend.binary('add', matrix, eight, matrix.shape),
  'matmul 8×8×8': () => backend.matmul(matrix, matrix, false, false, matrix.shape, null),
})) {
  report(name, seconds(run) * 1e6, 'µs');
}
