import { describe, expect, it } from 'vitest';
import { compressedDimension, type Projection, smallerSide } from '../../src/compress/projector';
import {
  compress,
  fixedSide,
  type GradientTransform,
  mul,
  type Projector,
  projectors,
  random,
  scale,
  type Tensor,
  tensor,
} from '../../src/index';
import {
  type Case,
  checkChiSquare,
  checkMean,
  checkMeanSquaredError,
  checkMomentum,
  checkRankGrowth,
  checkRegeneration,
  checkStateSize,
  floraCycles,
  type Verdict,
} from './checks';

// Wrong compressors that look right at a glance. The checks of `expectation.test.ts` must convict each of them, for
// every seed tried here: a check that cannot fail proves nothing.

const gaussian: Projector = projectors.gaussian;
const haar: Projector = projectors.haar;

/** A with every entry times `factor`. */
const scaled = (projector: Projector, factor: (p: Projection) => number): Projector => ({
  ...projector,
  down: (p, g) => mul(projector.down(p, g), factor(p)),
  up: (p, c) => mul(projector.up(p, c), factor(p)),
  transfer: (c, from, to) => mul(projector.transfer(c, from, to), factor(from) * factor(to)),
});

const mutants: Record<string, Projector> = {
  'scale 1/rank instead of 1/√rank': scaled(gaussian, (p) => 1 / Math.sqrt(p.rank)),
  'a key that is reused for every draw': {
    ...gaussian,
    sample: (_, shape, rank, refresh) => gaussian.sample(random.key(1), shape, rank, refresh),
  },
  'the wrong side': {
    ...gaussian,
    side: (shape) => (smallerSide(shape) === 'left' ? 'right' : 'left'),
    sample: (...given) => fixedSide(gaussian, smallerSide(given[1]) === 'left' ? 'right' : 'left').sample(...given),
  },
  'orthonormal rows without their scale': scaled(haar, (p) => Math.sqrt(p.rank / compressedDimension(p))),
  'a refresh that re-projects with the old key': {
    ...gaussian,
    transfer: (c: Tensor, from: Projection) => gaussian.transfer(c, from, from),
  },
  'up with another sign in one row': { ...gaussian, up: (p, c) => gaussian.up(p, mul(c, flipFirst(p))) },
};

/** 1 everywhere, −1 for the first coordinate of the subspace. */
function flipFirst({ side, rank }: Projection): Tensor {
  const signs = Array.from({ length: rank }, (_, i) => (i === 0 ? -1 : 1));
  return tensor(signs, { shape: side === 'right' ? [1, rank] : [rank, 1] });
}

const schedule = { rank: 5, steps: 4, refreshEvery: 2, ordering: 'paper', drawsPerBlock: 40 } as const;

/** Every check, on one case; the momentum one is slow and runs last. */
const checks: Record<string, (projector: Projector, given: Case) => Verdict | Promise<Verdict>> = {
  'state size': checkStateSize,
  regeneration: checkRegeneration,
  'chi-square law': checkChiSquare,
  mean: checkMean,
  'mean squared error': checkMeanSquaredError,
  momentum: (projector, given) => checkMomentum(projector, { ...given, ...schedule }),
};

/** The checks that each mutant must fail, whatever else it fails. */
const convictedBy: Record<string, readonly string[]> = {
  'scale 1/rank instead of 1/√rank': ['chi-square law', 'mean', 'momentum'],
  'a key that is reused for every draw': ['regeneration'],
  'the wrong side': ['state size', 'mean squared error'],
  'orthonormal rows without their scale': ['mean'],
  'a refresh that re-projects with the old key': ['momentum'],
  'up with another sign in one row': ['mean'],
};

describe('the checks convict', () => {
  for (const [name, mutant] of Object.entries(mutants)) {
    it(`${name}`, { timeout: 60_000 }, async () => {
      for (const seed of [1, 2, 3]) {
        const given = { shape: [6, 16] as const, rank: 3, seed };
        for (const check of convictedBy[name] as readonly string[]) {
          const { passed, message } = await (checks[check] as (typeof checks)[string])(mutant, given);
          expect(passed, `${check}, seed ${seed}: ${message}`).toBe(false);
        }
      }
    });
  }

  it('an accumulation that reuses its projection: the rank does not grow', () => {
    const frozen: GradientTransform<unknown> = compress({
      projector: gaussian,
      rank: 3,
      inner: scale(-1),
      refreshEvery: Number.POSITIVE_INFINITY,
      onRefresh: 'keep',
    }) as GradientTransform<unknown>;
    const given = { shape: [12, 10] as const, rank: 3, seed: 5, cycles: 3 };
    expect(checkRankGrowth(() => frozen, given).message).toContain('rank 3 after 3 cycles');
    expect(checkRankGrowth(floraCycles(3), given)).toMatchObject({ passed: true });
  });
});

describe('the checks acquit', () => {
  it('gaussian and haar on the same cases', { timeout: 60_000 }, async () => {
    for (const projector of [gaussian, haar]) {
      for (const [name, check] of Object.entries(checks)) {
        if (projector === haar && name === 'chi-square law') continue; // a law of Gaussian projections alone
        const { passed, message } = await check(projector, { shape: [6, 16], rank: 3, seed: 1 });
        expect(passed, `${projector.name}, ${name}: ${message}`).toBe(true);
      }
    }
  });
});
