import chisquare from '@stdlib/stats-base-dists-chisquare';
import { fold } from '../../src/base/key';
import { lift, liftPlusRaw } from '../../src/compress/compress';
import { compressedDimension, compressedShape } from '../../src/compress/projector';
import {
  chain,
  compress,
  ema,
  floraAccumulate,
  type GradientTransform,
  type Projector,
  random,
  scale,
  type Tensor,
} from '../../src/index';
import { blocksFor, medianOfMeans } from '../../src/study/median-of-means';
import { inner, readingMoments, roundTrips, unit } from '../../src/study/round-trip';
import { add } from '../../src/tensor/ops/add';
import { axpby } from '../../src/tensor/ops/axpby';
import { scope } from '../../src/tensor/scope';
import { singularValues } from '../support/singular-values';

/**
 * The properties of a compressor in expectation, as checks that return a verdict, so that the same check certifies the
 * projectors of the library and convicts the mutants. Every check of a random quantity calls a right projector wrong
 * with chance at most `falseAlarm`; the bound is proven from the variance (`median-of-means.ts`) or from an exact law.
 */
export const falseAlarm = 1e-9;

export interface Verdict {
  readonly passed: boolean;
  readonly message: string;
}

export interface Case {
  readonly shape: readonly [number, number];
  readonly rank: number;
  readonly seed: number;
}

/** Draws a block in the median of block means: raises power, not the false-alarm chance. */
const drawsPerBlock = 16;

const gradientOf = ({ shape, seed }: Case): Tensor => random.normal(fold(random.key(seed), 'gradient'), shape);

/** The mean of up(down(G)) is gain·G, read along G itself and along a random direction. */
export async function checkMean(projector: Projector, given: Case): Promise<Verdict> {
  const gradient = gradientOf(given);
  const g = await gradient.data();
  const w = await random.normal(fold(random.key(given.seed), 'direction'), given.shape).data();
  const directions = [unit(g), unit(w)];
  const trials = drawsPerBlock * blocksFor(falseAlarm / 2);
  const { readings } = await roundTrips(projector, {
    gradient,
    rank: given.rank,
    trials,
    seed: given.seed,
    directions,
  });
  const projection = projector.sample(random.key(0), given.shape, given.rank, 0);
  const theory = projector.theory(compressedDimension(projection), given.rank);
  const verdicts = directions.map((direction, i) => {
    const variance = theory.varianceOf(readingMoments(g, direction, projection));
    const { estimate, bound } = medianOfMeans(readings[i] as Float64Array, variance, falseAlarm / 2);
    const expected = (theory.gain * inner(g, direction)) / Math.sqrt(inner(g, g));
    return within('mean of ⟨Ĝ, W⟩', estimate, expected, bound);
  });
  return verdicts.find(({ passed }) => !passed) ?? (verdicts[0] as Verdict);
}

/** The mean of ‖up(down(G)) − G‖²/‖G‖² is the closed form. */
export async function checkMeanSquaredError(projector: Projector, given: Case): Promise<Verdict> {
  const trials = drawsPerBlock * blocksFor(falseAlarm);
  const options = { gradient: gradientOf(given), rank: given.rank, trials, seed: given.seed, directions: [] };
  const { squaredError } = await roundTrips(projector, options);
  const d = Math.min(...given.shape); // the dimension that a projector compresses unless it is told otherwise
  const { relativeMse, relativeMseVariance } = projector.theory(d, given.rank);
  const { estimate, bound } = medianOfMeans(squaredError, relativeMseVariance, falseAlarm);
  return within('mean squared error', estimate, relativeMse, bound);
}

/**
 * For a Gaussian A and a fixed vector x, r·‖Ax‖²/‖x‖² is chi-square with r degrees of freedom, so the sum over N
 * independent draws is chi-square with r·N: an exact law, and a two-sided test at exactly `falseAlarm`.
 */
export async function checkChiSquare(projector: Projector, { shape, rank, seed }: Case): Promise<Verdict> {
  const draws = 400;
  const x = random.normal(fold(random.key(seed), 'vector'), shape);
  const norm = inner(await x.data(), await x.data());
  let total = 0;
  for (let draw = 0; draw < draws; draw++) {
    const projection = projector.sample(fold(random.key(seed), 'draw', draw), shape, rank, draw);
    const c = await scope(() => projector.down(projection, x)).data();
    total += (rank * inner(c, c)) / norm;
  }
  const low = chisquare.quantile(falseAlarm / 2, rank * draws);
  const high = upperQuantile(rank * draws);
  return {
    passed: total > low && total < high,
    message: `Σ r‖Ax‖²/‖x‖² is ${total}; a chi-square with ${rank * draws} degrees of freedom lies in [${low}, ${high}]`,
  };
}

/** The quantile at 1 − falseAlarm/2. */
function upperQuantile(degrees: number): number {
  return chisquare.quantile(1 - falseAlarm / 2, degrees);
}

/** The same key gives the same bits; another refresh, path or seed gives another draw; adjointness; linearity. */
export async function checkRegeneration(projector: Projector, { shape, rank, seed }: Case): Promise<Verdict> {
  const g = random.normal(fold(random.key(seed), 'gradient'), shape);
  const keys = [
    fold(random.key(seed), 'w', 'projection', 0),
    fold(random.key(seed), 'w', 'projection', 0),
    fold(random.key(seed), 'w', 'projection', 1),
    fold(random.key(seed), 'v', 'projection', 0),
    fold(random.key(seed + 1), 'w', 'projection', 0),
  ];
  const codes = keys.map((key) =>
    projector
      .down(projector.sample(key, shape, rank, 0), g)
      .dataSync()
      .join(),
  );
  const others = codes.slice(2).filter((code) => code === codes[0]).length;
  return {
    passed: codes[0] === codes[1] && others === 0,
    message: codes[0] === codes[1] ? `${others} of 3 other keys gave the same draw` : 'one key gave two draws',
  };
}

/** The compressed state has rank·max(n, m) floats. */
export function checkStateSize(projector: Projector, { shape, rank }: Case): Verdict {
  const [rows, columns] = compressedShape(projector.sample(random.key(0), shape, rank, 0));
  const expected = rank * Math.max(...shape);
  return {
    passed: rows * columns === expected,
    message: `the state has ${rows * columns} floats; expected ${expected}`,
  };
}

/**
 * Flora's momentum after several refreshes equals the dense moving mean in expectation, for a fixed sequence of
 * gradients, read along that mean. The variance of the reading follows the schedule. Let the current projection be
 * applied to a matrix B of mean μ, with total variance v and variance w of ⟨B, W⟩. A fresh unbiased draw lifts it to
 * total variance mse·‖μ‖² + (1 + mse)·v, and to a reading of variance at most c·(‖μ‖² + v) + w: the projector's
 * `varianceOf` K = BᵀW is at most c·‖B‖² with c its largest value for a K of norm ‖W‖₂. A step scales v and w by β².
 */
export async function checkMomentum(
  projector: Projector,
  given: Case & { steps: number; refreshEvery: number; ordering: 'paper' | 'flora-opt'; drawsPerBlock: number },
): Promise<Verdict> {
  const { shape, rank, seed, steps, refreshEvery, ordering } = given;
  const beta = 0.9;
  const gradients = Array.from({ length: steps }, (_, t) =>
    random.normal(fold(random.key(seed), 'gradient', t), shape),
  );
  const means = await Promise.all(denseMeans(gradients, beta).map((mean) => mean.data()));
  const target = means.at(-1) as Float32Array;
  const direction = unit(target);
  const variance = lastVariance();

  const readings = new Float64Array(given.drawsPerBlock * blocksFor(falseAlarm));
  for (let draw = 0; draw < readings.length; draw++) {
    const momentum = compress({
      projector,
      rank,
      inner: ema({ decay: beta }),
      refreshEvery,
      onRefresh: 'transfer',
      combine: ordering === 'paper' ? lift : liftPlusRaw(beta),
      seed: seed + draw,
    });
    const update = scope(() => {
      let state = momentum.init({ w: gradients[0] as Tensor });
      let output = gradients[0] as Tensor;
      for (const gradient of gradients) {
        const [updates, next] = momentum.update({ w: gradient }, state, {});
        [state, output] = [next, updates.w as Tensor];
      }
      return output;
    });
    readings[draw] = inner(await update.data(), direction);
  }
  const { estimate, bound } = medianOfMeans(readings, variance, falseAlarm);
  return within('momentum along the dense mean', estimate, Math.sqrt(inner(target, target)), bound);

  function lastVariance(): number {
    const theory = projector.theory(Math.min(...shape), rank);
    const widest = singularValues(direction, shape)[0] as number;
    const most = [0, 1].map((diagonalSquares) => theory.varianceOf({ trace: 0, squares: 1, diagonalSquares }));
    const c = Math.max(...most) * widest ** 2;
    let [carried, lifted, before] = [none, none, none];
    for (let t = 0; t < steps; t++) {
      const due = ordering === 'paper' ? t > 0 && t % refreshEvery === 0 : (t + 1) % refreshEvery === 0;
      const b = due ? lifted : carried;
      carried = { total: beta ** 2 * b.total, reading: beta ** 2 * b.reading };
      before = lifted;
      const square = inner(means[t] as Float32Array, means[t] as Float32Array);
      lifted = {
        total: theory.relativeMse * square + (1 + theory.relativeMse) * carried.total,
        reading: c * (square + carried.total) + carried.reading,
      };
    }
    // flora-opt lifts the state before the last step and adds the last gradient as it is
    return ordering === 'paper' ? lifted.reading : beta ** 2 * before.reading;
  }
}

const none = { total: 0, reading: 0 };

/** The moving mean of full gradients after each step: what Flora's momentum is in expectation. */
function denseMeans(gradients: readonly Tensor[], beta: number): Tensor[] {
  let mean: Tensor | undefined;
  return gradients.map((gradient) => {
    mean = mean ? axpby(beta, mean, 1 - beta, gradient) : axpby(0, gradient, 1 - beta, gradient);
    return mean;
  });
}

/**
 * The total update of k cycles has rank min(n, m, k·r), one cycle's at most r. Rounding leaves singular values of about
 * 1e-7 where the rank ends; a random matrix of this size has one below 1e-5 with chance below 1e-2, and all of eight
 * independent runs do with chance below 1e-16, so the largest rank found is the generic one.
 */
export function checkRankGrowth(
  accumulate: (seed: number) => GradientTransform<unknown>,
  { shape, rank, seed, cycles }: Case & { cycles: number },
): Verdict {
  const expected = Math.min(...shape, cycles * rank);
  const ranks = Array.from({ length: 8 }, (_, run) =>
    scope(() => {
      const transform = accumulate(seed + run);
      let state = transform.init({ w: random.normal(random.key(0), shape) });
      let total: Tensor | undefined;
      for (let step = 0; step < 2 * cycles; step++) {
        const w = random.normal(fold(random.key(seed + run), 'gradient', step), shape);
        const [updates, next] = transform.update({ w }, state, { w });
        state = next;
        if (updates.w) total = total ? add(total, updates.w) : updates.w;
      }
      const values = singularValues((total as Tensor).dataSync(), shape);
      return values.filter((value) => value > 1e-5 * (values[0] as number)).length;
    }),
  );
  const found = Math.max(...ranks);
  return {
    passed: found === expected,
    message: `rank ${found} after ${cycles} cycles of rank ${rank}; expected ${expected}`,
  };
}

/** Flora's accumulation around plain descent, two gradients a cycle. */
export function floraCycles(rank: number): (seed: number) => GradientTransform<unknown> {
  return (seed) => chain(floraAccumulate({ steps: 2, rank, seed, inner: scale(-1) })) as GradientTransform<unknown>;
}

function within(what: string, estimate: number, expected: number, bound: number): Verdict {
  // Products of float32 numbers: the readings themselves are right to about 1e-5.
  const slack = 1e-5 * Math.max(1, Math.abs(expected));
  const off = Math.abs(estimate - expected);
  return { passed: off <= bound + slack, message: `${what} is ${estimate}; expected ${expected} ± ${bound}` };
}
