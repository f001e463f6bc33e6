import chisquare from '@stdlib/stats-base-dists-chisquare';
import { fold } from '../../src/base/key';
import { liftPlusRaw, liftUpdate } from '../../src/compress/flora';
import {
  chain,
  compress,
  compressedDimension,
  ema,
  floraAccumulate,
  type GradientTransform,
  type Projector,
  random,
  scale,
  type Tensor,
} from '../../src/index';
import type { ProjectorCase } from '../../src/laws/projector/case';
import { MeanTest } from '../../src/study/mean-test';
import { inner, readGradient, unit } from '../../src/study/round-trip';
import { add } from '../../src/tensor/ops/elementwise/add';
import { axpby } from '../../src/tensor/ops/elementwise/axpby';
import { scope } from '../../src/tensor/scope';
import { singularValues } from '../support/singular-values';

/**
 * Checks beyond `checkProjector`: exact laws, and what Flora makes of a projector over several refreshes. They return a
 * verdict, so that the same check certifies the projectors of the library and convicts the mutants. Each calls a right
 * projector wrong with chance at most `falseAlarm`, from an exact law or from the variance (`mean-test.ts`).
 */
export const falseAlarm = 1e-9;

export interface Verdict {
  readonly passed: boolean;
  readonly message: string;
}

/**
 * For a Gaussian A and a fixed vector x, r·‖Ax‖²/‖x‖² is chi-square with r degrees of freedom, so the sum over N
 * independent draws is chi-square with r·N: an exact law, and a two-sided test at exactly `falseAlarm`.
 */
export async function checkChiSquare(projector: Projector, { shape, rank, seed }: ProjectorCase): Promise<Verdict> {
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

/**
 * Flora's momentum after several refreshes equals the dense moving mean in expectation, for a fixed sequence of
 * gradients, read along that mean; `effect` is a share of the largest mean on the way. The variance of the reading follows the schedule. Let the current projection be
 * applied to a matrix B of mean μ, with total variance v and variance w of ⟨B, W⟩. A fresh unbiased draw lifts it to
 * total variance mse·‖μ‖² + (1 + mse)·v, and to a reading of variance at most c·(‖μ‖² + v) + w with c the
 * `largestReadingVariance` of the projector. A step scales v and w by β².
 */
export async function checkMomentum(
  projector: Projector,
  given: ProjectorCase & { steps: number; refreshEvery: number; ordering: 'paper' | 'flora-opt'; effect: number },
): Promise<Verdict> {
  const { shape, rank, seed, steps, refreshEvery, ordering } = given;
  const beta = 0.9;
  const gradients = Array.from({ length: steps }, (_, t) =>
    random.normal(fold(random.key(seed), 'gradient', t), shape),
  );
  const means = await Promise.all(denseMeans(gradients, beta).map((mean) => mean.data()));
  const target = means.at(-1) as Float32Array;
  const direction = unit(target);
  const seen = await readGradient(projector, gradients[0] as Tensor);
  const theory = projector.theory(compressedDimension(seen), rank, seen);
  const variance = lastVariance();

  const size = Math.sqrt(inner(target, target));
  // Measured by the largest mean on the way: the last one may cancel to nothing, and a share of nothing takes forever.
  const largest = Math.max(...means.map((mean) => Math.sqrt(inner(mean as Float32Array, mean as Float32Array))));
  const options = { expected: size, variance, effect: given.effect * largest, falseAlarm, power: 0.999 };
  const test = new MeanTest(options);
  for (let draw = 0; test.verdict === null; draw++) {
    const momentum = compress({
      projector,
      rank,
      inner: ema({ decay: beta }),
      refreshEvery,
      onRefresh: 'transfer',
      combine: ordering === 'paper' ? liftUpdate : liftPlusRaw(beta),
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
    test.add(inner(await update.data(), direction));
  }
  return {
    passed: test.verdict === 'acquitted',
    message: `the momentum along the dense mean is ${test.mean} over ${test.draws} draws; expected ${size}`,
  };

  function lastVariance(): number {
    const c = theory.largestReadingVariance ?? theory.relativeMse;
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
  { shape, rank, seed, cycles }: ProjectorCase & { cycles: number },
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
