import { describe, expect, it } from 'vitest';
import { type Projector, projectors } from '../../../../src/index';
import * as exact from '../../../support/exact-projections';

// What each theory promises, against the law of S by enumeration: no draws, no formula of the source. Equal where a
// promise is exact, at most where it is a bound, and a bound that says it is reached is reached.

type Law = (d: number, rank: number) => exact.Atom[];
interface Row {
  readonly name: string;
  readonly projector: Projector;
  readonly law: Law;
  /** [d, r] */
  readonly sizes: readonly (readonly [d: number, rank: number])[];
  /** The variance of the squared error is reached by some gradient of one row. */
  readonly reached?: boolean;
  /** So is the largest variance of a reading. */
  readonly readingReached?: boolean;
}

const p = projectors;
const usual = [
  [2, 1],
  [2, 2],
  [3, 1],
  [3, 2],
] as const;
const chances = [1, 2, 3];
const rows: readonly Row[] = [
  { name: 'gaussian', projector: p.gaussian, law: exact.gaussian, sizes: usual, reached: true, readingReached: true },
  {
    name: 'shrunkGaussian',
    projector: p.shrunkGaussian,
    law: exact.shrunkGaussian,
    sizes: usual.slice(0, 3),
    reached: true,
    readingReached: true,
  },
  { name: 'rademacher', projector: p.rademacher, law: exact.rademacher, sizes: [...usual, [4, 3]], reached: true },
  { name: 'sparse 3', projector: p.sparse(), law: exact.sparse(3), sizes: usual, reached: true, readingReached: true },
  {
    name: 'sparse 8',
    projector: p.sparse({ sparsity: 8 }),
    law: exact.sparse(8),
    sizes: [...usual, [4, 2]],
    reached: true,
    readingReached: true,
  },
  {
    name: 'countSketch',
    projector: p.countSketch(),
    law: exact.countSketch(1),
    sizes: [...usual, [3, 3], [4, 3]],
    reached: true,
  },
  {
    name: 'osnap',
    projector: p.countSketch({ nonzeros: 2 }),
    law: exact.countSketch(2),
    sizes: [
      [2, 2],
      [3, 2],
      [3, 3],
    ],
    reached: true,
  },
  {
    name: 'srht',
    projector: p.srht,
    law: exact.srht,
    sizes: [
      [2, 1],
      [4, 1],
      [4, 3],
      [3, 2],
      [5, 3],
    ],
  },
  {
    name: 'haar',
    projector: p.haar,
    law: exact.haar((d, rank) => d / rank),
    sizes: [
      [2, 1],
      [3, 1],
      [3, 2],
    ],
    reached: true,
  },
  {
    name: 'haarUnscaled',
    projector: p.haarUnscaled,
    law: exact.haar(() => 1),
    sizes: [
      [2, 1],
      [3, 1],
      [3, 2],
    ],
    reached: true,
  },
  {
    name: 'coordinates',
    projector: p.coordinates,
    law: exact.coordinates,
    sizes: [
      [2, 1],
      [3, 1],
      [3, 2],
      [5, 2],
    ],
    reached: true,
  },
  {
    name: 'coordinatesUnscaled',
    projector: p.coordinatesUnscaled,
    law: exact.selected,
    sizes: [
      [2, 1],
      [3, 1],
      [5, 2],
    ],
    reached: true,
  },
  {
    name: 'coordinatesWithReplacement',
    projector: p.coordinatesWithReplacement(),
    law: (d, r) => exact.drawn(new Array<number>(d).fill(1))(d, r),
    sizes: [
      [2, 1],
      [2, 2],
      [3, 2],
      [4, 3],
    ],
    reached: true,
  },
  {
    name: 'coordinatesWithReplacement, chances',
    projector: p.coordinatesWithReplacement({ chances }),
    law: exact.drawn(chances),
    sizes: [
      [3, 1],
      [3, 2],
      [3, 4],
    ],
  },
];

/** G [n, d] and W, row-major, projected on the right. */
function trials(d: number): { name: string; n: number; g: number[]; w: number[] }[] {
  const row = (f: (j: number) => number): number[] => Array.from({ length: d }, (_, j) => f(j));
  const [first, flat, uneven] = [row((j) => Number(j === 0)), row(() => 1), row((j) => 1.3 - 0.9 * j + 0.2 * j ** 2)];
  const other = row((j) => 0.4 + (j % 2 === 0 ? 1.1 : -0.7) * j);
  const second = row((j) => Number(j === 1));
  return [
    { name: 'one coordinate along itself', n: 1, g: first, w: first },
    { name: 'one coordinate along another', n: 1, g: first, w: second },
    { name: 'a flat row', n: 1, g: flat, w: flat },
    { name: 'a flat row along another', n: 1, g: flat, w: other },
    { name: 'an uneven row', n: 1, g: uneven, w: other },
    { name: 'two rows', n: 2, g: [...uneven, ...other], w: [...other, ...flat.map((x, j) => x - 0.3 * j)] },
    { name: 'two coordinates exchanged', n: 2, g: [...first, ...second], w: [...second, ...first] },
  ];
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, i) => sum + x * (b[i] as number), 0);
const near = (x: number): unknown => expect.closeTo(x, 9);

/** Rows of g times S. */
function project(g: readonly number[], s: Float64Array, d: number): number[] {
  return g.map((_, at) => {
    const from = at - (at % d);
    let sum = 0;
    for (let i = 0; i < d; i++) sum += (g[from + i] as number) * (s[i * d + (at % d)] as number);
    return sum;
  });
}

describe.each(rows)('$name', ({ projector, law, sizes, reached, readingReached }) => {
  it.each(sizes)('d = %d, r = %d', (d, rank) => {
    const atoms = law(d, rank);
    let [most, mostReading] = [0, 0];
    const promised = projector.theory(d, rank, { values: new Float64Array(d).fill(1), shape: [1, d], side: 'right' });
    for (const { name, n, g, w } of trials(d)) {
      const given = { values: g, shape: [n, d] as const, side: 'right' as const };
      const theory = projector.theory(d, rank, given);
      const square = dot(g, g);
      const lifted = atoms.map(({ s, chance }) => ({ x: project(g, s, d), chance }));
      const mean = g.map((_, at) => lifted.reduce((sum, { x, chance }) => sum + chance * (x[at] as number), 0));
      expect(mean, name).toEqual(g.map((x) => near((theory.gain as number) * x)));
      const error = exact.momentsOf(
        lifted.map(({ x, chance }) => ({ x: dot(x, x) / square - (2 * dot(x, g)) / square + 1, chance })),
      );
      const reading = exact.momentsOf(lifted.map(({ x, chance }) => ({ x: dot(x, w), chance })));
      expect(theory.relativeMse, name).toEqual(near(error.mean));
      expect(theory.readingVariance?.(given, w), name).toEqual(near(reading.variance));
      expect(error.variance, name).toBeLessThanOrEqual((theory.relativeMseVariance as number) + 1e-9);
      if (n === 1) most = Math.max(most, error.variance);
      mostReading = Math.max(mostReading, reading.variance / square / dot(w, w));
    }
    if (reached) expect(promised.relativeMseVariance).toEqual(near(most));
    const { largestReadingVariance = Number.POSITIVE_INFINITY } = promised;
    expect(mostReading).toBeLessThanOrEqual(largestReadingVariance + 1e-9);
    if (readingReached) expect(largestReadingVariance).toEqual(near(mostReading));
  });
});

describe('two sides', () => {
  // ⟨S_L·G·S_R, W⟩ and ⟨S_L·G + G·S_R, W⟩/2 over all pairs of independent draws, G [2, m].
  const g = [1.2, -0.4, 0.7, 0.3, 0.9, -1.1];
  const w = [0.5, 1.3, -0.2, -0.8, 0.4, 0.6];
  it.each([
    [3, 1],
    [2, 2],
  ])('m = %d, r = %d', (m, rank) => {
    const [G, W] = [g.slice(0, 2 * m), w.slice(0, 2 * m)];
    const given = { values: G, shape: [2, m] as const, side: 'both' as const };
    const law = rank === 1 ? exact.gaussian : exact.gaussianToFive;
    const [lefts, rights] = [law(2, rank), law(m, rank)];
    /** S·G for S [2, 2], as a row. */
    const fromLeft = (s: Float64Array): number[] =>
      G.map(
        (_, at) =>
          (s[at < m ? 0 : 2] as number) * (G[at % m] as number) +
          (s[at < m ? 1 : 3] as number) * (G[(at % m) + m] as number),
      );
    const right = rights.map(({ s, chance }) => ({ s, chance, lifted: project(G, s, m) }));
    const zero = (): [number, number, number, number] => [0, 0, 0, 0];
    const sums = { product: zero(), average: zero() }; // chance-weighted reading, its square, error, its square
    const square = dot(G, G);
    for (const { s: left, chance: p1 } of lefts) {
      const half = fromLeft(left);
      for (const { s, chance: p2, lifted } of right) {
        const both = { product: project(half, s, m), average: half.map((x, at) => (x + (lifted[at] as number)) / 2) };
        for (const name of ['product', 'average'] as const) {
          const x = both[name];
          const [reading, error] = [dot(x, W), (dot(x, x) - 2 * dot(x, G)) / square + 1];
          const total = sums[name];
          for (const [i, value] of [reading, reading ** 2, error, error ** 2].entries())
            (total[i] as number) += p1 * p2 * value;
        }
      }
    }
    for (const name of ['product', 'average'] as const) {
      const [mean, second, error, errorSquare] = sums[name];
      const projector = { product: p.twoSidedProduct, average: p.twoSidedAverage }[name];
      const theory = projector.theory(2, rank, given);
      expect(mean).toEqual(near(dot(G, W)));
      expect(error).toEqual(near(theory.relativeMse));
      expect(theory.readingVariance?.(given, W)).toEqual(near(second - mean ** 2));
      expect((second - mean ** 2) / square / dot(W, W)).toBeLessThanOrEqual(theory.largestReadingVariance as number);
      if (rank === 1 && theory.relativeMseVariance !== undefined)
        expect(errorSquare - error ** 2).toBeLessThanOrEqual(theory.relativeMseVariance);
    }
  });
});

describe('drawn by the gradient', () => {
  // The second column is zero: it is never drawn, and loses nothing.
  const g = [3, 0, 0.5, -1, 0, 2, 0.7, 0, 0.1];
  const w = [0.3, 2, -0.5, 1, 0.4, 0.9, -1.2, 0.8, 0.6];
  const norms = [0, 1, 2].map((j) => Math.hypot(...[0, 3, 6].map((at) => g[at + j] as number)));
  it.each(['norm', 'squaredNorm'] as const)('coordinatesByNorm, %s', (of) => {
    const given = { values: g, shape: [3, 3] as const, side: 'right' as const };
    for (const rank of [1, 2, 3]) {
      const theory = p.coordinatesByNorm({ of }).theory(3, rank, given);
      const lifted = exact
        .drawn(norms.map((x) => (of === 'norm' ? x : x ** 2)))(3, rank)
        .map(({ s, chance }) => ({ x: project(g, s, 3), chance }));
      const error = exact.momentsOf(
        lifted.map(({ x, chance }) => ({ x: (dot(x, x) - 2 * dot(x, g)) / dot(g, g) + 1, chance })),
      );
      const reading = exact.momentsOf(lifted.map(({ x, chance }) => ({ x: dot(x, w), chance })));
      expect(reading.mean).toEqual(near(dot(g, w)));
      expect(theory.relativeMse).toEqual(near(error.mean));
      expect(theory.readingVariance?.(given, w)).toEqual(near(reading.variance));
      expect(error.variance).toBeLessThanOrEqual((theory.relativeMseVariance as number) + 1e-9);
    }
  });
});
