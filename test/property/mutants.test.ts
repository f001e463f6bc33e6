import { describe, expect, it } from 'vitest';
import { compress, type GradientTransform, type Projector, projectors, scale } from '../../src/index';
import { checkProjector } from '../../src/study';
import { checkChiSquare, checkMomentum, checkRankGrowth, floraCycles } from './checks';
import { mutants } from './mutants';

// A check that cannot fail proves nothing: each of these wrong compressors must be convicted, for every seed tried here.
// `npm run certify` tries thousands.

const gaussian: Projector = projectors.gaussian;
const cases = [{ shape: [6, 16], rank: 3 }] as const;

function mutant(name: string): Projector {
  return (mutants.find((one) => one.name === name) as (typeof mutants)[number]).projector;
}

describe('checkProjector convicts', () => {
  for (const { name, projector, check } of mutants) {
    it(name, async () => {
      for (const seed of [1, 2, 3]) {
        const { verdicts } = await checkProjector(projector, { cases, seed });
        const failed = verdicts.filter(({ passed }) => !passed).map((verdict) => verdict.check);
        expect(failed, `seed ${seed}`).toContain(check);
      }
    });
  }
});

describe('the checks beyond it convict', () => {
  it('a wrong scale: the chi-square law and the momentum', async () => {
    for (const seed of [1, 2, 3]) {
      const given = { shape: [6, 16] as const, rank: 3, seed };
      const wrong = mutant('scale 1/rank instead of 1/√rank');
      expect((await checkChiSquare(wrong, given)).passed).toBe(false);
      expect((await checkMomentum(wrong, { ...given, ...schedule })).passed).toBe(false);
      expect((await checkMomentum(gaussian, { ...given, ...schedule })).passed).toBe(true);
    }
  });

  it('a refresh with the old key: the momentum', async () => {
    const wrong = mutant('a refresh that re-projects with the old key');
    for (const seed of [1, 2, 3]) {
      expect((await checkMomentum(wrong, { shape: [6, 16], seed, ...schedule })).passed).toBe(false);
    }
  });

  it('an accumulation that reuses its projection: the rank does not grow', () => {
    const frozen = compress({
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

const schedule = { rank: 5, steps: 4, refreshEvery: 2, ordering: 'paper', effect: 0.3 } as const;
