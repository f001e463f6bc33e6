import { beforeEach, describe, expect, it } from 'vitest';
import * as f from '../../../../src/index';
import { singularValues } from '../../../support/singular-values';

// Newton–Schulz and random ranges: against the singular values, which come from another algorithm.

const { linalg, random, tensor, eye, matmul } = f;
type Tensor = f.Tensor;
const at = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed), shape);
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const norm = (t: Tensor): number => Math.hypot(...numbers(t));
const relative = (a: Tensor, e: Tensor): number => norm(a.sub(e)) / norm(e);
const rotation = (seed: number, n: number): Tensor => linalg.qr(at(seed, [n, n])).q;

/** A matrix [m, n] with these singular values. */
function withValues(values: readonly number[], [m, n]: readonly [number, number], seed = 1): Tensor {
  const k = values.length;
  const u = rotation(seed, m).slice([0, 0], [m, k]);
  return u.mul(tensor([...values])).matmul(rotation(seed + 1, n).slice([0, 0], [k, n]));
}

beforeEach(() => {
  f.setBackend(f.wasmBackend());
  f.debug({ poison: true, nonFinite: false });
});

const shapes = [
  [8, 12],
  [12, 8],
  [9, 9],
] as const;

describe.each(shapes)('orthogonalize of [%i, %i]', (m, n) => {
  it('has singular values in [0.68, 1.21] where the normalised input has them from 0.01', () => {
    for (let seed = 0; seed < 6; seed++) {
      // The first is near 1, the others go down to 0.0105, evenly in the logarithm.
      const values = Array.from({ length: 8 }, (_, i) => 0.0105 ** (i / 7));
      const size = Math.hypot(...values);
      const x = withValues(
        values.map((v) => Math.max(v, 0.0105 * size)),
        [m, n],
        10 * seed,
      );
      const found = singularValues(numbers(linalg.orthogonalize(x)), [m, n]);
      expect(Math.max(...found)).toBeLessThan(1.21);
      expect(Math.min(...found.slice(0, 8))).toBeGreaterThan(0.68);
    }
  });

  it('turns with the matrix, and does not know its size', () => {
    const [x, q, r] = [at(1, [m, n]), rotation(2, m), rotation(3, n)];
    const o = linalg.orthogonalize(x);
    expect(relative(linalg.orthogonalize(q.matmul(x).matmul(r)), q.matmul(o).matmul(r))).toBeLessThan(3e-5);
    for (const size of [1e-3, 1, 1e4]) expect(relative(linalg.orthogonalize(x.mul(size)), o)).toBeLessThan(3e-4);
    expect(relative(linalg.orthogonalize(x.transpose()), o.transpose())).toBeLessThan(1e-5);
  });

  it('keeps the singular vectors: with the cubic map it comes to u·vt, with the usual one it does not', () => {
    const x = withValues([4, 3, 2.5, 2, 1.5, 1, 0.8, 0.5], [m, n]);
    const { u, vt } = linalg.svd(x, { rank: 8 });
    const polar = matmul(u, vt);
    const cubic = { steps: 15, coefficients: [1.5, -0.5, 0] } as const;
    expect(relative(linalg.orthogonalize(x, cubic), polar)).toBeLessThan(1e-5);
    expect(relative(linalg.orthogonalize(x), polar)).toBeGreaterThan(0.05);
    const inner = matmul(matmul(u, linalg.orthogonalize(x), { transposeA: true }), vt, { transposeB: true });
    const diagonal = eye(8).mul(inner);
    expect(relative(diagonal, inner)).toBeLessThan(1e-4);
  });
});

it('orthogonalize gives zeros for zeros', () => {
  expect(numbers(linalg.orthogonalize(f.zeros([3, 4])))).toEqual(new Array(12).fill(0));
});

it('orthogonalize and inverseRoot have the derivatives of their products', async () => {
  const [w, x] = [at(9, [2, 3]), at(4, [2, 3])];
  const loss = (): Tensor => {
    const root = linalg.inverseRoot(matmul(x, x, { transposeB: true }).add(eye(2)), { steps: 3 });
    return linalg.orthogonalize(x, { steps: 2 }).mul(w).sum().add(root.matmul(x).mul(w).sum());
  };
  expect((await f.gradCheck(loss, { x })).passed).toBe(true);
});

describe('inverseRoot', () => {
  it('whitens: U·Uᵀ = I for U = (G·Gᵀ)^(−1/2)·G', () => {
    const g = withValues([5, 3, 2, 1, 0.5, 0.1], [6, 15]);
    const u = linalg.inverseRoot(matmul(g, g, { transposeB: true })).matmul(g);
    // κ = 2500, so the bound of the documentation is 50·1e-7.
    expect(relative(matmul(u, u, { transposeB: true }), eye(6))).toBeLessThan(5e-5);
  });

  it('is the root of the inverse for eigenvalues over six decades', () => {
    const q = rotation(3, 5);
    const values = [1e3, 50, 1, 0.1, 1e-3];
    const x = matmul(q.mul(tensor(values)), q, { transposeB: true });
    const expected = matmul(q.mul(tensor(values.map((v) => v ** -0.5))), q, { transposeB: true });
    expect(relative(linalg.inverseRoot(x), expected)).toBeLessThan(2e-2);
    expect(relative(linalg.inverseRoot(x, { steps: 10 }), expected)).toBeGreaterThan(0.1);
  });
});

describe('random ranges', () => {
  const x = (): Tensor =>
    withValues(
      Array.from({ length: 30 }, (_, i) => 1.5 ** -i),
      [40, 30],
      5,
    );
  const key = random.key(0);

  it('randomizedSvd has the leading singular values and vectors, orthonormal', () => {
    const [whole, found] = [linalg.svd(x(), { rank: 4 }), linalg.randomizedSvd(x(), { rank: 4, key })];
    expect([found.u.shape, found.s.shape, found.vt.shape]).toEqual([[40, 4], [4], [4, 30]]);
    expect(relative(found.s, whole.s)).toBeLessThan(1e-5);
    expect(relative(matmul(found.u, found.u, { transposeA: true }), eye(4))).toBeLessThan(1e-6);
    expect(relative(found.u.mul(found.s).matmul(found.vt), whole.u.mul(whole.s).matmul(whole.vt))).toBeLessThan(1e-4);
  });

  it('rangeFinder captures more with each iteration, the same for the same key', () => {
    const g = at(6, [60, 50]);
    const kept = (q: Tensor): number => norm(matmul(q, g, { transposeA: true })) ** 2;
    const best = linalg.svd(g, { rank: 5 }).u;
    const found = [0, 1, 4, 16].map((iterations) => kept(linalg.rangeFinder(g, { rank: 5, key, iterations })));
    expect(found).toEqual([...found].sort((a, b) => a - b));
    expect(found.at(-1)).toBeGreaterThan(0.99 * kept(best));
    expect(found[0]).toBeLessThan(0.8 * kept(best));
    const [first, again, other] = [key, key, random.key(1)].map((k) =>
      numbers(linalg.rangeFinder(g, { rank: 5, key: k })),
    );
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('subspaceIteration brings a basis of an older matrix to this one', () => {
    const older = x();
    const newer = older.add(at(8, [40, 30]).mul(0.01));
    const { u } = linalg.svd(newer, { rank: 3 });
    const off = (q: Tensor): number => 3 - norm(matmul(u, q, { transposeA: true })) ** 2;
    const start = linalg.svd(older, { rank: 3 }).u;
    expect(off(linalg.subspaceIteration(newer, start))).toBeLessThan(0.5 * off(start));
    expect(off(linalg.subspaceIteration(newer, start, { iterations: 8 }))).toBeLessThan(0.01 * off(start));
  });
});
