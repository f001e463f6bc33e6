import { type Projector, projectors, scope, type Tensor, tensor } from '../../src/index';
import { MeanTest } from '../../src/study/mean-test';
import { drawProjection, inner } from '../../src/study/round-trip';
import * as exact from '../support/exact-projections';

/** A projector, and the law of S for d = 3, r = 2 and gradients whose columns have these norms. */
export interface SampledRow {
  readonly name: string;
  readonly projector: Projector;
  law(norms: readonly number[]): exact.Atom[];
  /** The law is exact for powers of the squared error as well, not only for those of a reading. */
  readonly finite?: boolean;
}

const [d, rank] = [3, 2];
const p = projectors;
const finite = true;
export const sampled: readonly SampledRow[] = [
  { name: 'gaussian', projector: p.gaussian, law: () => exact.gaussian(d, rank) },
  { name: 'shrunkGaussian', projector: p.shrunkGaussian, law: () => exact.shrunkGaussian(d, rank) },
  { name: 'rademacher', projector: p.rademacher, law: () => exact.rademacher(d, rank), finite },
  { name: 'sparse', projector: p.sparse(), law: () => exact.sparse(3)(d, rank), finite },
  { name: 'sparse, sparsity 8', projector: p.sparse({ sparsity: 8 }), law: () => exact.sparse(8)(d, rank), finite },
  { name: 'countSketch', projector: p.countSketch(), law: () => exact.countSketch(1)(d, rank), finite },
  { name: 'osnap', projector: p.countSketch({ nonzeros: 2 }), law: () => exact.countSketch(2)(d, rank), finite },
  { name: 'srht', projector: p.srht, law: () => exact.srht(d, rank), finite },
  { name: 'haar', projector: p.haar, law: () => exact.haar(() => d / rank)(d, rank) },
  { name: 'haarUnscaled', projector: p.haarUnscaled, law: () => exact.haar(() => 1)(d, rank) },
  { name: 'coordinates', projector: p.coordinates, law: () => exact.coordinates(d, rank), finite },
  {
    name: 'coordinatesUnscaled',
    projector: p.coordinatesUnscaled,
    law: () => exact.selected(d, rank),
    finite,
  },
  {
    name: 'coordinatesWithReplacement',
    projector: p.coordinatesWithReplacement(),
    law: () => exact.drawn([1, 1, 1])(d, rank),
    finite,
  },
  {
    name: 'coordinatesWithReplacement, chances',
    projector: p.coordinatesWithReplacement({ chances: [1, 2, 3] }),
    law: () => exact.drawn([1, 2, 3])(d, rank),
    finite,
  },
  {
    name: 'coordinatesByNorm',
    projector: p.coordinatesByNorm({ of: 'norm' }),
    law: (norms) => exact.drawn(norms)(d, rank),
    finite,
  },
  {
    name: 'coordinatesByNorm, squared',
    projector: p.coordinatesByNorm({ of: 'squaredNorm' }),
    law: (norms) => exact.drawn(norms.map((x) => x ** 2))(d, rank),
    finite,
  },
];

/** G and W [4, 3], so that the right side is compressed. */
const g = [1.3, -0.4, 0.7, 0.3, 0.9, -1.1, 0.2, -0.6, 0.5, -0.8, 1.2, 0.4];
const w = [0.5, 1.3, -0.2, -0.8, 0.4, 0.6, 1.1, 0.3, -0.9, 0.7, -0.1, 0.2];

/**
 * The variances of ⟨Ĝ, W⟩, ⟨Ĝ, G⟩ and, where its law is known to the fourth moment, ‖Ĝ − G‖²: means of squared deviations,
 * whose own variance follows from the law. Throws where one is off.
 */
export async function checkVariances(
  { name, projector, law, finite: whole }: SampledRow,
  { effect, seed = 0, falseAlarm = 1e-9 }: { effect: number; seed?: number; falseAlarm?: number },
): Promise<void> {
  const norms = [0, 1, 2].map((j) => Math.hypot(...[0, 3, 6, 9].map((at) => g[at + j] as number)));
  const atoms = law(norms).map(({ s, chance }) => ({ lifted: times(s), chance }));
  const readings: Record<string, (lifted: ArrayLike<number>) => number> = {
    'a reading': (lifted) => inner(lifted, w),
    'the reading along G': (lifted) => inner(lifted, g),
    ...(whole && { 'the squared error': (lifted) => inner(lifted, lifted) - 2 * inner(lifted, g) + inner(g, g) }),
  };
  const tests = Object.entries(readings).map(([what, of]) => {
    const { mean, variance, spread } = exact.momentsOf(atoms.map(({ lifted, chance }) => ({ x: of(lifted), chance })));
    const constant = variance < 1e-12; // then so is every draw, to the rounding of float32
    const test = new MeanTest({
      expected: variance,
      variance: constant ? 0 : spread,
      effect: constant ? 1e-6 : effect * variance,
      falseAlarm: falseAlarm / Object.keys(readings).length,
      power: 0.999,
    });
    return { what, of, mean, test };
  });
  const gradient: Tensor = tensor(g, { shape: [4, d] });
  for (let trial = 0; tests.some(({ test }) => test.verdict === null); trial++) {
    const lifted = scope(() => {
      const projection = drawProjection(projector, gradient, { rank, seed, trial });
      return projector.up(projection, projector.down(projection, gradient));
    }).dataSync();
    for (const { of, mean, test } of tests) test.add((of(lifted) - mean) ** 2);
  }
  for (const { what, test } of tests)
    if (test.verdict !== 'acquitted')
      throw new Error(
        `${name}: the variance of ${what} is ${test.mean} over ${test.draws} draws, expected ${test.options.expected}`,
      );
}

/** G·S */
function times(s: Float64Array): number[] {
  return g.map((_, at) => {
    const from = at - (at % d);
    return [0, 1, 2].reduce((sum, i) => sum + (g[from + i] as number) * (s[i * d + (at % d)] as number), 0);
  });
}
