import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import * as f from '../../../../src/index';
import { numbers } from '../../../../src/laws/arbitraries';
import { singularValues } from '../../../support/singular-values';

const { linalg, tensor } = f;
type Tensor = f.Tensor;
type Extents = readonly [number, number];
const valuesOf = (t: Tensor): number[] => Array.from(t.dataSync());
const code = (wanted: string) => expect.objectContaining({ code: wanted });

beforeEach(() => {
  f.setBackend(f.wasmBackend());
  f.debug({ poison: true, nonFinite: false });
});

// Results are float64 numbers rounded to float32, each off by up to 2⁻²⁴ of itself, or 2⁻¹⁵⁰ where it is subnormal. All
// bounds below follow from that and Cauchy's inequality; one per cent more is for the algorithms in float64.
const unit = 1.01 * 2 ** -24;
const subnormal = 2 ** -149;

/** Σₗ a[i, l]·b[l, j] in float64, with the largest exponents kept apart by the callers. */
function product(a: readonly number[], b: readonly number[], [m, k, n]: readonly [number, number, number]): number[] {
  const c = new Array<number>(m * n).fill(0);
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      for (let j = 0; j < n; j++) (c[i * n + j] as number) += (a[i * k + l] as number) * (b[l * n + j] as number);
    }
  }
  return c;
}

function transposed(a: readonly number[], [m, n]: Extents): number[] {
  return Array.from({ length: m * n }, (_, i) => a[(i % m) * n + Math.floor(i / m)] as number);
}

function expectNear(actual: readonly number[], expected: readonly number[], bound: (i: number) => number): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, e] of expected.entries()) {
    const distance = Math.abs((actual[i] as number) - e);
    if (!(distance <= bound(i))) throw new Error(`element ${i} is ${actual[i]}; expected ${e} ± ${bound(i)}`);
  }
}

/** Columns of q are orthonormal: |QᵀQ − I|ᵢⱼ ≤ 2·2⁻²⁴·Σ|qₗᵢ·qₗⱼ| ≤ 2⁻²³. */
function expectOrthonormal(q: readonly number[], [m, k]: Extents): void {
  const identity = Array.from({ length: k * k }, (_, i) => (i % (k + 1) === 0 ? 1 : 0));
  expectNear(product(transposed(q, [m, k]), q, [k, m, k]), identity, () => 2 * unit);
}

/** The matrices that break decompositions: `kind` of extents [m, n], times `scale`. */
const kinds = [
  'dense',
  'zero',
  'rank 1',
  'rank 2',
  'repeated',
  'graded',
  'one entry',
  'equal columns',
  'ones',
] as const;
interface Case {
  readonly kind: (typeof kinds)[number];
  readonly m: number;
  readonly n: number;
  readonly scale: number;
  readonly seed: number;
}
const matrices = fc.record<Case>({
  kind: fc.constantFrom(...kinds),
  m: fc.constantFrom(0, 1, 2, 3, 5, 8, 13, 24),
  n: fc.constantFrom(0, 1, 2, 3, 5, 8, 13, 24),
  scale: fc.constantFrom(1, 1e30, 1e-30, 1e-43),
  seed: fc.nat(),
});

function make({ kind, m, n, scale, seed }: Case): Float32Array {
  const dense = (rows: number, columns: number): number[] => Array.from(numbers(seed + rows, rows * columns));
  const lowRank = (rank: number): number[] => product(dense(m, rank), dense(rank, n), [m, rank, n]);
  const entries = {
    dense: () => dense(m, n),
    zero: () => new Array<number>(m * n).fill(0),
    'rank 1': () => lowRank(1),
    'rank 2': () => lowRank(2),
    // a reflection: all singular values 1, as near as float32 can say
    repeated: () => {
      const v = dense(Math.max(m, n), 1);
      const square = v.reduce((sum, x) => sum + x * x, 0) || 1;
      return Array.from({ length: m * n }, (_, at) => {
        const [i, j] = [Math.floor(at / n), at % n];
        return (i === j ? 1 : 0) - (2 * (v[i] as number) * (v[j] as number)) / square;
      });
    },
    graded: () => dense(m, n).map((x, at) => x * 10 ** (-3 * (at % n))),
    'one entry': () => dense(m, n).map((x, at) => (at === seed % (m * n) ? x : 0)),
    'equal columns': () => dense(m, n).map((_, at, all) => all[at - (at % n)] as number),
    ones: () => new Array<number>(m * n).fill(1),
  }[kind]();
  return Float32Array.from(entries, (x) => x * scale);
}

const check = (holds: (x: Tensor, values: number[], extents: Extents) => void): void =>
  fc.assert(
    fc.property(matrices, (c) => {
      const values = make(c);
      holds(tensor(values, { shape: [c.m, c.n] }), Array.from(values), [c.m, c.n]);
    }),
    { numRuns: 400 },
  );

/** Shapes, orthonormality, order and product; returns the singular values. */
function expectSvd(x: Tensor, values: readonly number[], [m, n]: Extents): number[] {
  const k = Math.min(m, n);
  const { u, s, vt } = linalg.svd(x);
  expect([u.shape, s.shape, vt.shape]).toEqual([[m, k], [k], [k, n]]);
  const [us, ss, vts] = [valuesOf(u), valuesOf(s), valuesOf(vt)];
  expectOrthonormal(us, [m, k]);
  expectOrthonormal(transposed(vts, [k, n]), [n, k]);
  for (const [i, value] of ss.entries()) expect(value).toBeLessThanOrEqual(ss[i - 1] ?? Infinity);
  // |x − u·s·vt|ᵢⱼ ≤ 3·2⁻²⁴·Σ|uᵢₗ·sₗ·vtₗⱼ| ≤ 3·2⁻²⁴·s₀
  const scaled = us.map((entry, at) => entry * (ss[at % k] as number));
  expectNear(product(scaled, vts, [m, k, n]), values, () => 3 * unit * (ss[0] ?? 0) + k * subnormal);
  return ss;
}

describe('for zero, low-rank, repeated, graded, huge and tiny matrices of every shape', () => {
  it('qr gives orthonormal columns, a triangle without negative diagonal, and their product is x', () => {
    check((x, values, [m, n]) => {
      const k = Math.min(m, n);
      const { q, r } = linalg.qr(x);
      expect([q.shape, r.shape]).toEqual([
        [m, k],
        [k, n],
      ]);
      const [qs, rs] = [valuesOf(q), valuesOf(r)];
      expectOrthonormal(qs, [m, k]);
      rs.forEach((entry, at) => {
        const [i, j] = [Math.floor(at / n), at % n];
        if (i > j) expect(entry).toBe(0);
        if (i === j) expect(entry).toBeGreaterThanOrEqual(0);
      });
      // |x − q·r|ᵢⱼ ≤ 2·2⁻²⁴·Σ|qᵢₗ·rₗⱼ| ≤ 2⁻²³·‖xⱼ‖
      const lengths = Array.from({ length: n }, (_, j) => Math.hypot(...values.filter((_, at) => at % n === j)));
      expectNear(product(qs, rs, [m, k, n]), values, (at) => 2 * unit * (lengths[at % n] as number) + k * subnormal);
    });
  });

  it('svd gives orthonormal vectors, singular values that descend and are right, and their product is x', () => {
    check((x, values, [m, n]) => {
      const ss = expectSvd(x, values, [m, n]);
      const largest = ss[0] ?? 0;
      // an independent algorithm, in float64
      expectNear(ss, singularValues(values, [m, n]), (i) => unit * (ss[i] as number) + 1e-14 * largest + subnormal);
    });
  });

  it('svd of larger matrices whose singular values are equal, or many orders apart, or rounding errors', () => {
    const size = 90;
    const dense = numbers(1, size * size);
    const [thin, flat] = [numbers(2, size * 2), numbers(3, 2 * size)].map((x) => Array.from(x)) as [number[], number[]];
    const rank2 = product(thin, flat, [size, 2, size]);
    const larger: Record<string, (at: number) => number> = {
      'rows from 1e35 down to 1e-40': (at) => (dense[at] as number) * 10 ** (35 - (75 * Math.floor(at / size)) / size),
      'columns from 1e35 down to 1e-40': (at) => (dense[at] as number) * 10 ** (35 - (75 * (at % size)) / size),
      'rank 2, rounded to float32': (at) => rank2[at] as number,
      'a triangle of ones': (at) => (at % size <= at / size ? 1 : 0),
      'every other column zero': (at) => (at % 2) * (dense[at] as number),
      ones: () => 1,
    };
    for (const entry of Object.values(larger)) {
      const values = Float32Array.from({ length: size * size }, (_, at) => entry(at));
      expectSvd(tensor(values, { shape: [size, size] }), Array.from(values), [size, size]);
    }
  });

  it('eigh gives orthonormal vectors, values that ascend, and their product is x', () => {
    check((_, values, [m, n]) => {
      // symmetric: x + xᵀ of the leading square
      const size = Math.min(m, n);
      const at = (i: number, j: number): number =>
        (values[i * n + j] as number) / 2 + (values[j * n + i] as number) / 2;
      const entries = Float32Array.from({ length: size * size }, (_, i) => at(Math.floor(i / size), i % size));
      const { values: eigen, vectors } = linalg.eigh(tensor(entries, { shape: [size, size] }));
      expect([eigen.shape, vectors.shape]).toEqual([[size], [size, size]]);
      const [ls, vs] = [valuesOf(eigen), valuesOf(vectors)];
      expectOrthonormal(vs, [size, size]);
      for (const [i, value] of ls.entries()) expect(value).toBeGreaterThanOrEqual(ls[i - 1] ?? -Infinity);
      const largest = Math.max(0, ...ls.map(Math.abs));
      const scaled = vs.map((entry, i) => entry * (ls[i % size] as number));
      const back = product(scaled, transposed(vs, [size, size]), [size, size, size]);
      expectNear(back, Array.from(entries), () => 3 * unit * largest + size * subnormal);
    });
  });
});

describe('agreement with numpy', () => {
  interface Golden {
    readonly cases: Record<
      string,
      {
        readonly shape: Extents;
        readonly x: number[];
        readonly singularValues: number[];
        readonly eigenvaluesOfLower?: number[];
        readonly q?: number[];
        readonly r?: number[];
      }
    >;
  }
  const { cases } = JSON.parse(readFileSync('test/golden/linalg.json', 'utf8')) as Golden;
  for (const [name, golden] of Object.entries(cases)) {
    it(name, () => {
      const x = tensor(golden.x, { shape: [...golden.shape] });
      const largest = golden.singularValues[0] as number;
      const near = (actual: Tensor, expected: number[]): void =>
        expectNear(valuesOf(actual), expected, (i) => unit * Math.abs(expected[i] as number) + 1e-14 * largest);
      near(linalg.svd(x).s, golden.singularValues);
      if (golden.eigenvaluesOfLower) near(linalg.eigh(x).values, golden.eigenvaluesOfLower);
      if (golden.q && golden.r) {
        const { q, r } = linalg.qr(x);
        expectNear(valuesOf(q), golden.q, (i) => unit * Math.abs((golden.q as number[])[i] as number) + 1e-12);
        near(r, golden.r);
      }
    });
  }
});

describe('linalg', () => {
  const x = (): Tensor => f.random.normal(f.random.key(1), [5, 9]);

  it('rank takes the first singular values and vectors, the same bits', () => {
    for (const matrix of [x(), f.transpose(x()), f.mul(f.ones([6, 6]), 3)]) {
      const full = linalg.svd(matrix);
      for (const rank of [1, 3, 5]) {
        const { u, s, vt } = linalg.svd(matrix, { rank });
        expect(valuesOf(s)).toEqual(valuesOf(full.s).slice(0, rank));
        expect(valuesOf(u)).toEqual(valuesOf(f.slice(full.u, [0, 0], [u.shape[0] as number, rank])));
        expect(valuesOf(vt)).toEqual(valuesOf(f.slice(full.vt, [0, 0], [rank, vt.shape[1] as number])));
      }
    }
    for (const rank of [0, 6, 1.5, -1]) {
      expect(() => linalg.svd(x(), { rank })).toThrow(code('options/range'));
    }
  });

  it('a very wide matrix costs what its small side does', () => {
    const wide = f.random.normal(f.random.key(2), [3, 200_000]);
    const { u, s, vt } = linalg.svd(wide);
    expect([u.shape, s.shape, vt.shape]).toEqual([[3, 3], [3], [3, 200_000]]);
    for (const value of valuesOf(s)) expect(Math.abs(value / Math.sqrt(200_000) - 1)).toBeLessThan(0.02);
    expect(linalg.qr(f.transpose(wide)).q.shape).toEqual([200_000, 3]);
  });

  it('eigh reads the lower triangle alone', () => {
    const lower = linalg.eigh(
      tensor([
        [2, 99],
        [1, 2],
      ]),
    );
    expect(valuesOf(lower.values)).toEqual([1, 3]);
    expect(
      linalg.eigh(
        tensor([
          [2, Infinity],
          [1, 2],
        ]),
      ).values.shape,
    ).toEqual([2]);
  });

  it('gives the same bits on every backend, inside scopes and outside, and frees what it should', () => {
    const run = (): number[][] => {
      const [{ q, r }, { u, s, vt }] = [linalg.qr(x()), linalg.svd(x())];
      const { values, vectors } = f.scope(() => linalg.eigh(f.slice(x(), [0, 0], [5, 5])));
      expect(f.memory().tensors).toBe(0);
      return [q, r, u, s, vt, values, vectors].map(valuesOf);
    };
    const onWasm = run();
    f.setBackend(f.referenceBackend());
    expect(run()).toEqual(onWasm);
    f.setBackend(f.wasmBackend());
    f.scope(() => {
      const before = f.memory().tensors;
      const { s } = linalg.svd(x());
      expect(valuesOf(f.mul(s, 2))).toEqual(valuesOf(s).map((value) => Math.fround(2 * value)));
      expect(f.memory().tensors).toBeGreaterThan(before);
    });
    expect(f.memory().tensors).toBe(0);
  });

  it('refuses a tensor that a derivative is being taken of, rather than give zeros', () => {
    const decompositions: ((y: Tensor) => Tensor)[] = [
      (y) => linalg.qr(y).r,
      (y) => linalg.svd(y).s,
      (y) => linalg.eigh(y).values,
    ];
    const square = f.eye(3);
    for (const decompose of decompositions) {
      const through = (wrap: (y: Tensor) => Tensor) => () => f.grad((y) => f.sum(decompose(wrap(y))))(square);
      expect(through((y) => y)).toThrow(code('linalg/no-gradient'));
      expect(through((y) => f.exp(y))).toThrow('call stopGradient(x) first');
      expect(() => f.grad(f.remat((y: Tensor) => f.sum(decompose(f.exp(y)))))(square)).toThrow(
        code('linalg/no-gradient'),
      );
      expect(valuesOf(through((y) => f.stopGradient(y))())).toEqual(new Array(9).fill(0));
      const projected = f.grad((y) => f.mul(f.sum(y), f.sum(decompose(f.stopGradient(y)))))(square);
      expect(valuesOf(projected)).toEqual(new Array(9).fill(3));
    }
    expect(f.memory().tensors).toBe(0);
  });

  it('says what is wrong with a matrix', () => {
    const all = [linalg.qr, linalg.svd, linalg.eigh];
    for (const decompose of all) {
      expect(() => decompose(f.ones([3]))).toThrow(code('linalg/not-a-matrix'));
      expect(() => decompose(f.ones([2, 3, 3]))).toThrow(code('linalg/not-a-matrix'));
      expect(() => decompose(tensor([[1]], { dtype: 'int32' }))).toThrow(code('dtype/float32'));
      for (const bad of [Number.NaN, Infinity, -Infinity]) {
        expect(() =>
          decompose(
            tensor([
              [1, 0],
              [bad, 1],
            ]),
          ),
        ).toThrow(code('linalg/non-finite'));
      }
      expect(() => decompose(f.full([4, 4], 3e38))).toThrow(code('linalg/overflow'));
    }
    expect(() => linalg.eigh(x())).toThrow(code('linalg/not-square'));
    expect(f.memory().tensors).toBe(0);
  });
});
