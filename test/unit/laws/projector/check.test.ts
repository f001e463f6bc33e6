import { describe, expect, it } from 'vitest';
import {
  compressedDimension,
  type Key,
  matrixMaps,
  mul,
  oneSided,
  type Projection,
  type Projector,
  project,
  projectors,
  random,
  smallerSide,
} from '../../../../src';
import { checkProjector } from '../../../../src/study';

// A projector from outside: uniform entries of variance 1/r, kurtosis 9/5. Twenty lines with its theory.
const uniform: Projector<Projection & { key: Key }> = {
  name: 'uniform',
  side: smallerSide,
  sample: (key, shape, rank) => ({ ...project(smallerSide(shape), shape, rank), key }),
  ...matrixMaps((p) => {
    const u = random.uniform(p.key, [p.rank, compressedDimension(p)]);
    return mul(u.sub(0.5), Math.sqrt(12 / p.rank));
  }),
  storedFloats: () => 0,
  theory: (d, rank) =>
    oneSided({
      gain: 1,
      relativeMse: (d - 2 + 9 / 5) / rank,
      varianceOf: ({ squares, diagonalSquares }) => (2 * squares + (9 / 5 - 3) * diagonalSquares) / rank,
    }),
};

describe('checkProjector', () => {
  it('certifies a projector from outside, and says which level is approximate', async () => {
    const report = (await checkProjector(uniform, { effect: 0.2 })).assert();
    expect(report.toString()).toContain('projector uniform: 30 of 30 checks passed');
    const approximate = report.verdicts.filter(({ message }) => message.includes('approximate'));
    expect(new Set(approximate.map(({ check }) => check))).toEqual(new Set(['mean squared error']));
  });

  it('reports the same for the same seed, with what replays it', async () => {
    const options = { cases: [{ shape: [6, 5], rank: 2 }], seed: 4, effect: 0.3 } as const;
    const once = await checkProjector(projectors.gaussian, options);
    expect((await checkProjector(projectors.gaussian, options)).toString()).toBe(once.toString());
    expect(once.verdicts.find(({ check }) => check === 'mean')).toMatchObject({ seed: 4, shape: [6, 5], passed: true });
  });

  it('needs more draws for a smaller effect or false-alarm chance', async () => {
    const draws = async (options: object): Promise<number> => {
      const cases = [{ shape: [6, 5], rank: 2 }] as const;
      const { verdicts } = await checkProjector(projectors.rademacher, { cases, ...options });
      return verdicts.reduce((sum, verdict) => sum + verdict.draws, 0);
    };
    expect(await draws({ effect: 0.2 })).toBeGreaterThan(2 * (await draws({ effect: 0.4 })));
    const wrong = { ...projectors.rademacher, theory: projectors.shrunkGaussian.theory } as Projector;
    const convict = async (falseAlarm: number): Promise<number> => {
      const cases = [{ shape: [6, 5], rank: 2 }] as const;
      const { verdicts } = await checkProjector(wrong, { cases, falseAlarm });
      return (verdicts.find(({ check }) => check === 'mean') as { draws: number }).draws;
    };
    expect(await convict(1e-12)).toBeGreaterThan(await convict(1e-3));
  });

  it('divides its false-alarm chance among the cases', async () => {
    const one = { shape: [6, 5], rank: 2 } as const;
    const threshold = async (cases: readonly (typeof one)[]): Promise<number | undefined> => {
      const { verdicts } = await checkProjector(projectors.rademacher, { cases, effect: 0.5 });
      return verdicts.find(({ check }) => check === 'mean')?.threshold;
    };
    const [alone, twice] = [await threshold([one]), await threshold([one, one])];
    expect((twice ?? 0) - (alone ?? 0)).toBeCloseTo(Math.log(2), 12);
  });

  it('stops at the first failure when told to', async () => {
    const wrong: Projector = { ...projectors.gaussian, up: projectors.haar.up } as Projector;
    const { verdicts } = await checkProjector(wrong, { stopAtFailure: true });
    expect(verdicts.map(({ passed }) => passed)).toEqual([true, false]);
  });

  it('refuses options that make no sense', async () => {
    await expect(checkProjector(projectors.gaussian, { falseAlarm: 0 })).rejects.toThrow(/options\/range/);
    await expect(checkProjector(projectors.gaussian, { powr: 0.9 } as object)).rejects.toThrow(/powr/);
    const cases = [{ shape: [3, 4], rank: 9 }] as const;
    await expect(checkProjector(projectors.gaussian, { cases })).rejects.toThrow(/projector\/rank/);
  });
});
