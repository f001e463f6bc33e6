import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Activation, Operand, Storage, Unary } from '../../../src/backend/contract';
import { wasmBackend } from '../../../src/backend/wasm/backend';
import { relaxedAvailable } from '../../../src/backend/wasm/module';
import { erf, normalCdf } from '../../../src/base/erf';

// The kernels' functions of one element against float64, over a grid of all floats and a dense one of [−20, 20]. Both
// grids are fixed and the kernels exactly rounded step by step, so what is measured is the same on every machine.

/** The largest error where from ≤ x < to: in units in the last place of the exact result, or absolute. */
interface Bound {
  readonly from?: number;
  readonly to?: number;
  readonly ulps?: number;
  readonly absolute?: number;
}

type Name = Unary | Activation | `${Activation}Grad`;

interface Row {
  readonly name: Name;
  readonly exact: (x: number) => number;
  readonly bounds: readonly Bound[];
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const root = Math.sqrt(2 / Math.PI);
/** 2u, u = √(2/π)·(x + 0.044715·x³). */
const twiceInner = (x: number): number => 2 * root * (x + 0.044715 * x ** 3);

/** `xGrad` stands for xGrad(1, x), the derivative of x. */
const rows: readonly Row[] = [
  { name: 'exp', exact: Math.exp, bounds: [{ ulps: 1 }] },
  { name: 'log', exact: Math.log, bounds: [{ ulps: 1 }] },
  { name: 'sqrt', exact: Math.sqrt, bounds: [{ ulps: 0.5 }] },
  { name: 'rsqrt', exact: (x) => 1 / Math.sqrt(x), bounds: [{ ulps: 1.5 }] },
  { name: 'tanh', exact: Math.tanh, bounds: [{ ulps: 1.5 }] },
  { name: 'sigmoid', exact: sigmoid, bounds: [{ ulps: 2.5 }] },
  {
    name: 'silu',
    exact: (x) => x * sigmoid(x),
    bounds: [
      { to: -87, absolute: 1.2e-43 },
      { from: -87, ulps: 3.2 },
    ],
  },
  {
    name: 'gelu',
    exact: (x) => x * sigmoid(twiceInner(x)),
    bounds: [
      { to: -8, ulps: 256 },
      { from: -8, to: -4, ulps: 128 },
      { from: -4, to: -2, ulps: 24 },
      { from: -2, to: -1, ulps: 8 },
      { from: -1, ulps: 3 },
    ],
  },
  { name: 'erf', exact: erf, bounds: [{ ulps: 2.6 }] },
  {
    name: 'geluErf',
    exact: (x) => x * normalCdf(x),
    bounds: [
      { to: -0.5, ulps: 10 },
      { from: -0.5, ulps: 2 },
    ],
  },
  {
    name: 'siluGrad',
    exact: (x) => sigmoid(x) * (1 + x * sigmoid(-x)),
    bounds: [
      { to: -87, absolute: 1.2e-43 },
      { from: -87, to: -2, ulps: 6 },
      { from: -2, to: -1, absolute: 4e-8 },
      { from: -1, ulps: 4 },
    ],
  },
  {
    name: 'geluGrad',
    exact: (x) => {
      const z = twiceInner(x);
      return sigmoid(z) * (1 + x * sigmoid(-z) * 2 * root * (1 + 3 * 0.044715 * x * x));
    },
    bounds: [
      { to: -8, ulps: 320 },
      { from: -8, to: -4, ulps: 128 },
      { from: -4, to: -2, ulps: 24 },
      { from: -2, to: -1, ulps: 10 },
      { from: -1, to: -0.5, absolute: 5e-8 },
      { from: -0.5, ulps: 4.5 },
    ],
  },
  {
    name: 'geluErfGrad',
    exact: (x) => normalCdf(x) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI),
    bounds: [
      { to: -2, ulps: 8 },
      { from: -2, to: -1, ulps: 14 },
      { from: -1, to: -0.5, absolute: 2e-7 },
      { from: -0.5, ulps: 4 },
    ],
  },
];

/** Every 4001st bit pattern, from zero through both signs, infinities and NaN, and 2¹⁹ numbers in [−20, 20]. */
function grid(): Float32Array {
  const patterns = Uint32Array.from({ length: Math.floor(2 ** 32 / 4001) }, (_, i) => i * 4001);
  const dense = Float32Array.from({ length: 2 ** 19 }, (_, i) => (40 * i) / 2 ** 19 - 20 + 1e-5);
  const all = new Float32Array(patterns.length + dense.length);
  all.set(new Float32Array(patterns.buffer));
  all.set(dense, patterns.length);
  return all;
}

/** The distance of floats at y; that of the smallest ones where y is smaller still. */
function ulp(y: number): number {
  return 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(y)))) - 23);
}

const backend = wasmBackend({ build: 'baseline' });
const values = grid();

function operand(on: typeof backend, x: Float32Array): Operand {
  return { storage: on.fromHost(x), shape: [x.length], dtype: 'float32' };
}

function run(on: typeof backend, name: Name, x: Operand): Storage {
  switch (name) {
    case 'relu':
    case 'silu':
    case 'gelu':
    case 'geluErf':
      return on.activation(name, x);
    case 'reluGrad':
    case 'siluGrad':
    case 'geluGrad':
    case 'geluErfGrad': {
      const ones = operand(on, new Float32Array(x.storage.size).fill(1));
      return on.activationGrad(name.slice(0, -4) as Activation, ones, x);
    }
    default:
      return on.unary(name, x);
  }
}

function computed(name: Name, on = backend): Float32Array {
  const mark = on.enter();
  const x = operand(on, values);
  const storage = run(on, name, x);
  const result = on.readSync(storage);
  on.free(storage);
  on.leave(mark);
  return result as Float32Array;
}

/** The largest error within each bound, and where. Results that are no finite numbers must agree. */
function worst({ name, exact, bounds }: Row): { error: number; at: number }[] {
  const got = computed(name);
  const found = bounds.map(() => ({ error: 0, at: Number.NaN }));
  for (let i = 0; i < got.length; i++) {
    const [x, y] = [values[i] as number, got[i] as number];
    const right = exact(x);
    if (!Number.isFinite(Math.fround(right))) {
      if (!Object.is(y, Math.fround(right))) throw new Error(`${name}(${x}) is ${y}; expected ${right}`);
      continue;
    }
    const b = bounds.findIndex(({ from = -Infinity, to = Infinity }) => from <= x && (x < to || x === to));
    const unit = bounds[b]?.absolute === undefined ? ulp(right) : 1;
    const error = Math.abs(y - right) / unit;
    if (!(error <= (found[b]?.error as number))) found[b] = { error, at: x };
  }
  return found;
}

/** The bound as docs/semantics.md states it. */
function stated({ from, to, ulps, absolute }: Bound): [where: string, bound: string] {
  const where = [from === undefined ? [] : `${from} ≤`, 'x', to === undefined ? [] : `< ${to}`].flat();
  const bound =
    ulps === undefined ? `${absolute}`.replace(/e-(\d+)/, (_, digits) => `·10⁻${raised(digits)}`) : `${ulps} ulp`;
  return [where.length === 1 ? 'everywhere' : where.join(' ').replaceAll('-', '−'), bound];
}

function raised(digits: string): string {
  return digits.replace(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)] as string);
}

describe('functions of one element keep within their bounds, which are at most twice what is measured', () => {
  for (const row of rows) {
    it(row.name, () => {
      for (const [b, { error, at }] of worst(row).entries()) {
        const bound = row.bounds[b] as Bound;
        const limit = (bound.ulps ?? bound.absolute) as number;
        const rounding = 1e-6 * limit; // of the float64 that is taken as exact
        expect(error, `${row.name} where ${stated(bound)[0]}, worst at ${at}`).toBeLessThanOrEqual(limit + rounding);
        expect(error, `${row.name} where ${stated(bound)[0]}: the bound is loose`).toBeGreaterThan(limit / 2.01);
      }
    });
  }

  it('div is exactly rounded', () => {
    const mark = backend.enter();
    const [x, y] = [operand(backend, values), operand(backend, values.toReversed())];
    const storage = backend.binary('div', x, y, x.shape);
    const got = backend.readSync(storage);
    backend.free(storage);
    backend.leave(mark);
    const wrong = values.findIndex((a, i) => {
      return !Object.is(got[i], Math.fround(a / (values[values.length - 1 - i] as number)));
    });
    expect(wrong).toBe(-1);
  });

  it('pow keeps within 0.7 ulp', () => {
    const exponents = [0.5, 2, 3, -1, -2, 1.5, 10, -0.75, 33, 1 / 3, 100, 0.01, 1000].map(Math.fround);
    const bases = values.filter((x, i) => x > 0 && x < Infinity && i % 8 === 0);
    let found = 0;
    for (const exponent of exponents) {
      const mark = backend.enter();
      const x = operand(backend, bases);
      const storage = backend.binary('pow', x, exponent, x.shape);
      const got = backend.readSync(storage);
      backend.free(storage);
      backend.leave(mark);
      bases.forEach((base, i) => {
        const right = base ** exponent;
        if (Number.isFinite(Math.fround(right)))
          found = Math.max(found, Math.abs((got[i] as number) - right) / ulp(right));
      });
    }
    expect(found).toBeLessThanOrEqual(0.7);
    expect(found).toBeGreaterThan(0.35);
  });

  it('docs/semantics.md states the same bounds', () => {
    const lines = readFileSync('docs/semantics.md', 'utf8').replaceAll(/ +/g, ' ').split('\n');
    const rowsOfBounds = rows.map(({ name, bounds }) => {
      const cells = bounds
        .map(stated)
        .map(([where, bound]) => (where === 'everywhere' ? bound : `${bound} (${where})`));
      return `| \`${name}\` | ${cells.join(', ')} |`;
    });
    expect(rowsOfBounds.filter((row) => !lines.includes(row))).toEqual([]);
  });
});

it.skipIf(!relaxedAvailable())('both builds give the same bits', () => {
  const relaxed = wasmBackend({ build: 'relaxed' });
  for (const { name } of rows) {
    const [a, b] = [computed(name), computed(name, relaxed)].map((x) => new Int32Array(x.buffer)) as [
      Int32Array,
      Int32Array,
    ];
    expect(
      a.findIndex((bits, i) => bits !== b[i]),
      name,
    ).toBe(-1);
  }
});
