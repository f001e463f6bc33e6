import { describe, expect, it } from 'vitest';
import { eye, type Projection, type Projector, projectors, random, tensor } from '../../../../src/index';
import * as exact from '../../../support/exact-projections';
import { firstRefresh } from '../../../support/refresh';

// What each A looks like, exactly: for these draws, and without statistics.
const [d, rank] = [16, 5];

/** The rows of A, [rank][d]: A·I on the left side. */
function rowsOf<P extends Projection>(projector: Projector<P>, seed = 0): number[][] {
  const p = projector.sample(random.key(seed), [d, d + 1], rank);
  expect(p.side).toBe('left');
  return split(projector.down(p, eye(d)).dataSync());
}
function split(values: ArrayLike<number>): number[][] {
  return Array.from({ length: rank }, (_, i) => Array.from(values).slice(i * d, (i + 1) * d));
}
const columnsOf = (a: number[][]): number[][] => Array.from({ length: d }, (_, j) => a.map((row) => row[j] as number));
const nonzeros = (list: number[]): number[] => list.filter((x) => x !== 0);
const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);

function expectEach(actual: number[], size: number): void {
  for (const x of actual) expect(Math.abs(x)).toBeCloseTo(size, 6);
}
function expectOrthogonal(a: number[][], square: number): void {
  for (const [i, x] of a.entries()) {
    for (const [j, y] of a.entries()) expect(dot(x, y)).toBeCloseTo(i === j ? square : 0, 5);
  }
}

describe('A has', () => {
  it('gaussian: entries of variance 1/r', () => {
    const squares = Array.from({ length: 20 }, (_, seed) => rowsOf(projectors.gaussian, seed).flat()).flat();
    expect((rank * dot(squares, squares)) / squares.length).toBeCloseTo(1, 1); // ± 0.035 is a standard deviation
  });
  it('shrunkGaussian: the same entries times √c, with the c whose c·S has the least squared error', () => {
    const [few, many] = [2, 3];
    const entries = (projector: Projector): number[] => {
      const p = projector.sample(random.key(0), [many, many + 1], few);
      return Array.from(projector.down(p, eye(many)).dataSync());
    };
    // E‖c·S·x − x‖² = c²·E‖Sx‖² − 2c·E⟨Sx, x⟩ + 1 for the first unit vector x, over the exact law of S
    let [square, along] = [0, 0];
    for (const { s, chance } of exact.gaussian(many, few)) {
      for (let i = 0; i < many; i++) square += chance * (s[i * many] as number) ** 2;
      along += chance * (s[0] as number);
    }
    const [a, shrunk] = [entries(projectors.gaussian), entries(projectors.shrunkGaussian)];
    expect(new Set(a).size).toBe(few * many);
    for (const [i, x] of a.entries()) expect((shrunk[i] as number) / x).toBeCloseTo(Math.sqrt(along / square), 6);
  });
  it('rademacher: entries ±1/√r, and both signs', () => {
    const a = rowsOf(projectors.rademacher).flat();
    expectEach(a, 1 / Math.sqrt(rank));
    expect(new Set(a.map(Math.sign))).toEqual(new Set([-1, 1]));
  });
  it('sparse: entries 0 and ±√(q/r), and both signs', () => {
    const a = rowsOf(projectors.sparse({ sparsity: 3 })).flat();
    expectEach(nonzeros(a), Math.sqrt(3 / rank));
    expect(new Set(a.map(Math.sign))).toEqual(new Set([-1, 0, 1]));
  });
  it.each([1, 2, 3, 7.3])('sparse, q = %d: of the uniform numbers of its key, + below 1/(2q), − below 1/q', (q) => {
    const u = random.uniform(random.key(0), [rank, d]).dataSync();
    const signs = Array.from(u, (x) => (x < 1 / (2 * q) ? 1 : x < 1 / q ? -1 : 0));
    expect(
      rowsOf(projectors.sparse({ sparsity: q }))
        .flat()
        .map(Math.sign),
    ).toEqual(signs);
  });
  it('countSketch: one entry ±1 in each column, and no empty row', () => {
    const a = rowsOf(projectors.countSketch());
    for (const column of columnsOf(a)) expect(nonzeros(column)).toHaveLength(1);
    for (const row of a) expect(nonzeros(row).length).toBeGreaterThan(0);
    expectEach(nonzeros(a.flat()), 1);
    expect(new Set(nonzeros(a.flat()).map(Math.sign))).toEqual(new Set([-1, 1]));
  });
  it('osnap: several in each column, ±1/√c', () => {
    const a = rowsOf(projectors.countSketch({ nonzeros: 3 }));
    for (const column of columnsOf(a)) expect(nonzeros(column)).toHaveLength(3);
    expectEach(nonzeros(a.flat()), 1 / Math.sqrt(3));
  });
  it('srht: orthogonal rows of ±1/√r', () => {
    const a = rowsOf(projectors.srht);
    expectEach(a.flat(), 1 / Math.sqrt(rank));
    expectOrthogonal(a, d / rank);
  });
  it('haar: orthonormal rows, times √(d/r) unless unscaled', () => {
    expectOrthogonal(rowsOf(projectors.haar), d / rank);
    expectOrthogonal(rowsOf(projectors.haarUnscaled), 1);
  });
  it('coordinates: one entry √(d/r) in each row, in another column each', () => {
    const a = rowsOf(projectors.coordinates);
    expectEach(nonzeros(a.flat()), Math.sqrt(d / rank));
    expectOrthogonal(a, d / rank);
  });
  it('coordinatesUnscaled: the same selection, each entry 1', () => {
    const a = rowsOf(projectors.coordinatesUnscaled);
    expect(new Set(a.flat())).toEqual(new Set([0, 1]));
    expectOrthogonal(a, 1);
    expect(a.map((row) => row.indexOf(1))).toEqual(
      rowsOf(projectors.coordinates).map((row) => row.findIndex((x) => x !== 0)),
    );
  });
  it('coordinatesWithReplacement: one entry 1/√(r·q) in each row, with q the chance of its column', () => {
    const chances = Array.from({ length: d }, (_, j) => 1 + j);
    const total = chances.reduce((a, b) => a + b);
    const draws = Array.from({ length: 20 }, (_, seed) =>
      rowsOf(projectors.coordinatesWithReplacement({ chances }), seed),
    ).flat();
    for (const row of draws) {
      const [j] = [...row.keys()].filter((at) => row[at] !== 0) as [number];
      expect(nonzeros(row)).toHaveLength(1);
      expect(row[j]).toBeCloseTo(Math.sqrt(total / (rank * (j + 1))), 5);
    }
  });
  it('topCoordinates: a 1 for each of the rows with the largest norms', () => {
    const g = tensor(
      Float32Array.from({ length: d * (d + 1) }, (_, at) => (7 * Math.floor(at / (d + 1))) % d),
      {
        shape: [d, d + 1],
      },
    );
    const { topCoordinates } = projectors;
    const sample = topCoordinates.sample(random.key(0), [d, d + 1], rank);
    const p = topCoordinates.refresh?.(sample, g, firstRefresh(random.key(0))) ?? sample;
    const chosen = split(topCoordinates.down(p, eye(d)).dataSync()).map((row) => row.indexOf(1));
    expect(chosen.map((j) => (7 * j) % d)).toEqual([15, 14, 13, 12, 11]);
  });
});
