import type { Operand, Storage } from '../src/backend/backend';
import { wasmBackend } from '../src/backend/wasm';
import { fillRow } from '../src/base/distribution';

/**
 * Kernels against plain loops over `Float32Array` that write into an array which is there already, on 2²⁰ elements:
 * best of 25 batches, kernel and loop in turn; the kernel allocates its result.
 */
const n = 2 ** 20;
const backend = wasmBackend(process.argv.includes('--baseline') ? { build: 'baseline' } : {});
const [x, y] = [1, 3].map((seed) => {
  const values = new Float32Array(n);
  fillRow('normal', [seed, 2], 0, 0, values);
  return values;
}) as [Float32Array, Float32Array];
const positive = y.map((value) => Math.abs(value) + 1e-6);
const out = new Float32Array(n);

const [p, q, r] = [operand(x), operand(y), operand(positive)];

function operand(values: Float32Array): Operand {
  const storage = backend.fromHost(values.slice());
  backend.resident(storage);
  return { storage, shape: [n], dtype: 'float32' };
}

/** A loop with the expression in `a` written out, so that nothing is called that a hand-written loop would not call. */
function plain(expression: string, from = x): () => void {
  const loop = new Function(
    'from',
    'out',
    `for (let i = 0; i < out.length; i++) { const a = from[i]; out[i] = ${expression}; }`,
  );
  return () => loop(from, out);
}
const kernel = (run: () => Storage) => () => backend.free(run());
const factors = { beta1: 0.9, beta2: 0.999, correction1: 1.1, correction2: 1.2, epsilon: 1e-8 };
const [m, v] = [new Float32Array(n), new Float32Array(n)];

const cases: Record<string, readonly [loop: () => void, kernel: () => void]> = {
  add: [
    () => {
      for (let i = 0; i < n; i++) out[i] = (x[i] as number) + (y[i] as number);
    },
    kernel(() => backend.binary('add', p, q, p.shape)),
  ],
  mul: [
    () => {
      for (let i = 0; i < n; i++) out[i] = (x[i] as number) * (y[i] as number);
    },
    kernel(() => backend.binary('mul', p, q, p.shape)),
  ],
  exp: [plain('Math.exp(a)'), kernel(() => backend.unary('exp', p))],
  log: [plain('Math.log(a)', positive), kernel(() => backend.unary('log', r))],
  tanh: [plain('Math.tanh(a)'), kernel(() => backend.unary('tanh', p))],
  sigmoid: [plain('1 / (1 + Math.exp(-a))'), kernel(() => backend.unary('sigmoid', p))],
  silu: [plain('a / (1 + Math.exp(-a))'), kernel(() => backend.unary('silu', p))],
  gelu: [
    plain('0.5 * a * (1 + Math.tanh(0.7978845608028654 * (a + 0.044715 * a * a * a)))'),
    kernel(() => backend.unary('gelu', p)),
  ],
  adam: [
    () => {
      for (let i = 0; i < n; i++) {
        const g = x[i] as number;
        const mean = 0.9 * (m[i] as number) + 0.1 * g;
        const square = 0.999 * (v[i] as number) + 0.001 * g * g;
        m[i] = mean;
        v[i] = square;
        out[i] = (1.1 * mean) / (Math.sqrt(1.2 * square) + 1e-8);
      }
    },
    () => {
      for (const storage of backend.adam(p, q, r, factors)) backend.free(storage);
    },
  ],
};

function nanoseconds(run: () => void): number {
  const start = performance.now();
  for (let i = 0; i < 4; i++) run();
  return ((performance.now() - start) / 4 / n) * 1e6;
}

console.log(backend.describe());
for (const [name, runs] of Object.entries(cases)) {
  const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let batch = 0; batch < 25; batch++) {
    for (const i of [0, 1] as const) best[i] = Math.min(best[i] as number, nanoseconds(runs[i]));
  }
  const [loop, ours] = best as [number, number];
  console.log(`${name.padEnd(10)} loop ${loop.toFixed(2)}, kernel ${ours.toFixed(2)} ns: ${(loop / ours).toFixed(1)}×`);
}
