import binomial from '@stdlib/stats-base-dists-binomial';
import { describe, expect, it } from 'vitest';
import { fold } from '../../src/base/key';
import {
  compress,
  ema,
  floraAccumulate,
  mul,
  ones,
  type Projector,
  projectors,
  random,
  scale,
  scope,
  type Tensor,
} from '../../src/index';
import type { ProjectorCase } from '../../src/laws/projector/case';
import { expectForCases } from './cases';
import { checkChiSquare, checkMomentum, checkRankGrowth, falseAlarm, floraCycles } from './checks';

// What this project is about: compressed-then-decompressed gradients equal the full gradient in expectation. Of a single
// round trip that is a law of every projector (test/laws/projectors.test.ts); here it is followed through Flora's momentum
// and accumulation. Shapes, ranks, sides, seeds and gradients are random. Each statistical assertion calls a right
// projector wrong with chance at most 1e-9; `mutants.test.ts` shows that the same checks convict wrong ones.

const { gaussian, rademacher, sparse, countSketch, srht, haar, coordinates, coordinatesWithReplacement } = projectors;
/** Unbiased, and blind to the gradient: what Flora's momentum needs. */
const all: readonly Projector[] = [
  gaussian,
  rademacher,
  sparse(),
  countSketch(),
  srht,
  haar,
  coordinates,
  coordinatesWithReplacement(),
  projectors.twoSidedAverage,
];

const gradients = ({ shape, seed }: ProjectorCase, count: number): Tensor[] =>
  Array.from({ length: count }, (_, t) => random.normal(fold(random.key(seed), 'gradient', t), shape));

function expectClose(actual: Tensor, expected: Tensor, tolerance = 1e-4): void {
  const [a, e] = [actual.dataSync(), expected.dataSync()];
  const size = Math.max(1, ...e.map(Math.abs));
  expect(a.length).toBe(e.length);
  for (let i = 0; i < a.length; i++) {
    expect(Math.abs((a[i] as number) - (e[i] as number))).toBeLessThanOrEqual(tolerance * size);
  }
}

describe('the flora momentum equals the dense moving mean across refreshes', () => {
  for (const projector of all) {
    // Noise grows with each transfer, and with it the draws: small shapes, at least half of the full rank, and an effect
    // that a wrong transfer far exceeds.
    it(`with ${projector.name} projections`, async () => {
      for (const ordering of ['paper', 'flora-opt'] as const) {
        await expectForCases({ runs: 2, largest: 8 }, (given) => {
          const rank = Math.max(given.rank, Math.ceil(Math.min(...given.shape) / 2));
          return checkMomentum(projector, { ...given, rank, steps: 5, refreshEvery: 2, ordering, effect: 0.5 });
        });
      }
    });
  }
});

describe('exact laws', () => {
  it('gaussian: Σ r‖Ax‖²/‖x‖² is chi-square', () =>
    expectForCases({ runs: 25 }, (given) => checkChiSquare(gaussian, given)));

  it('coordinates: how often one coordinate is selected is binomial', () =>
    expectForCases({ runs: 25 }, ({ shape, rank, seed }) => {
      const draws = 1000;
      const [n, m] = shape;
      const [d, stride] = n < m ? [n, m] : [m, 1];
      const watched = (seed % d) * stride; // an entry of the watched row or column
      const g = ones(shape);
      let hits = 0;
      for (let draw = 0; draw < draws; draw++) {
        const p = coordinates.sample(fold(random.key(seed), 'draw', draw), shape, rank, draw);
        const lifted = scope(() => coordinates.up(p, coordinates.down(p, g))).dataSync();
        if (lifted[watched] !== 0) hits += 1;
      }
      const [low, high] = [falseAlarm / 2, 1 - falseAlarm / 2].map((q) => binomial.quantile(q, draws, rank / d));
      const passed = hits >= (low as number) && hits <= (high as number);
      return {
        passed,
        message: `${hits} of ${draws} hits; a binomial with chance ${rank}/${d} lies in [${low}, ${high}]`,
      };
    }));

  it('haar: rank d is lossless, and rows of any rank keep lengths inside the subspace', () =>
    expectForCases({ runs: 25 }, ({ shape, rank, seed }) => {
      const d = Math.min(...shape);
      const [g, other] = gradients({ shape, seed, rank: d }, 2) as [Tensor, Tensor];
      const p = haar.sample(random.key(seed), shape, d, 0);
      expectClose(haar.up(p, haar.down(p, g)), g, 1e-5);
      // A·Aᵀ = (d/r)·I: what lies in the subspace is only longer, by the root of that, and comes back times d/r.
      const few = haar.sample(random.key(seed), shape, rank, 0);
      const inside = haar.up(few, haar.down(few, other));
      const c = haar.down(few, inside);
      expectClose(haar.up(few, c), mul(inside, d / rank), 1e-5);
      const square = (x: Tensor): number => Math.hypot(...x.dataSync()) ** 2;
      expect(square(c) / square(inside) / (d / rank)).toBeCloseTo(1, 4);
      return { passed: true, message: '' };
    }));
});

describe('accumulation', () => {
  it('equals compressing the sum, in any order of the gradients', () =>
    expectForCases({ runs: 40 }, (given) => {
      const parts = gradients(given, 3);
      const run = (list: readonly Tensor[]): Tensor => {
        const transform = floraAccumulate({ steps: 3, rank: given.rank, seed: given.seed, inner: scale(1) });
        let state = transform.init({ w: list[0] as Tensor });
        let last: Tensor | undefined;
        for (const w of list) {
          const [updates, next] = transform.update({ w }, state, { w });
          [state, last] = [next, updates.w];
        }
        return last as Tensor;
      };
      const sum = parts.reduce((a, b) => a.add(b));
      // Not by floraAccumulate: the round trip of the sum, under the projection of the first cycle of "w".
      const key = fold(random.key(given.seed), 'w', 'accumulation', 0);
      const p = gaussian.sample(key, given.shape, given.rank, 0);
      const expected = mul(gaussian.up(p, gaussian.down(p, sum)), 1 / 3);
      expectClose(run(parts), expected);
      expectClose(run([...parts].reverse()), expected);
      return { passed: true, message: '' };
    }));

  it('the rank of the total update grows as min(n, m, k·r)', () =>
    expectForCases({ runs: 12, largest: 16 }, (given) =>
      checkRankGrowth(floraCycles(given.rank), { ...given, cycles: 1 + (given.seed % 4) }),
    ));
});

describe('momentum between refreshes', () => {
  it('is the round trip of the dense moving mean, exactly', () =>
    expectForCases({ runs: 40 }, (given) => {
      const { rank, seed } = given;
      const options = { rank, inner: ema({ decay: 0.9 }), refreshEvery: Number.POSITIVE_INFINITY, seed };
      const momentum = compress({ projector: gaussian, onRefresh: 'transfer', ...options });
      const dense = ema({ decay: 0.9 });
      const list = gradients(given, 4);
      let [state, denseState] = [momentum.init({ w: list[0] as Tensor }), dense.init({ w: list[0] as Tensor })];
      for (const w of list) {
        const [updates, next] = momentum.update({ w }, state, {});
        const [means, nextDense] = dense.update({ w }, denseState, {});
        [state, denseState] = [next, nextDense];
        const projection = state.leaves.w?.projection as ReturnType<typeof gaussian.sample>;
        expectClose(updates.w as Tensor, gaussian.up(projection, gaussian.down(projection, means.w as Tensor)));
      }
      return { passed: true, message: '' };
    }));
});
