import { describe, expect, it } from 'vitest';
import { projectors, random, zeros } from '../../../../src/index';
import { type AveragingRow, questions } from '../../../../src/study';

const gradients = [{ name: 'mine', gradient: random.normal(random.key(4), [6, 4]) }];
const at = (rows: readonly AveragingRow[], way: string, batches: number) =>
  rows.find((row) => row.way === way)?.at.find((one) => one.batches === batches) as AveragingRow['at'][number];

describe('questions.averaging', () => {
  // Each of 16 means is within four standard errors but for one in 10⁴ calls; the seeds are fixed.
  it.each([
    {
      // mse = 5/2, so g = 7/2; (7/2·3/2 − 1)/n for fresh ones; weights 1, ½, ¼, ⅛ are worth 2.647 draws.
      projector: projectors.gaussian,
      numbers: { 'one projection': [4.25, 2.9375], 'fresh projections': [4.25, 1.0625], momentum: [4.25, 1.60555] },
    },
    {
      // gain ½, mse ½ and g ½: (½·3/2 − ¼)/n and ¼ that no average takes away.
      projector: projectors.haarUnscaled,
      numbers: { 'one projection': [0.75, 0.5625], 'fresh projections': [0.75, 0.375], momentum: [0.75, 0.43889] },
    },
  ])('is what pencil and paper say of $projector.name', async ({ projector, numbers }) => {
    const options = { gradients, projector, ranks: [2], batches: [1, 4], noise: 0.5, decay: 0.5, trials: 150 };
    const { rows } = await questions.averaging.ask(options);
    for (const [way, expected] of Object.entries({ ...numbers, exact: [0.5, 0.125] })) {
      for (const [i, batches] of [1, 4].entries()) {
        const { error, standardError, theory } = at(rows, way, batches);
        expect(theory).toBeCloseTo(expected[i] as number, 4);
        expect(Math.abs(error - (expected[i] as number))).toBeLessThan(4 * standardError);
        expect(standardError / error).toBeLessThan(0.12);
      }
    }
  });

  it('averages nothing of one projection without noise, and has a momentum of decay 1 that is a mean', async () => {
    const options = { gradients, ranks: [1, 2], batches: [1, 3, 9], noise: 0, decay: 1, trials: 5, seed: 3 };
    const { rows, figures } = await questions.averaging.ask(options);
    const [one, fresh, momentum, exact] = rows.map((row) => row.at.map(({ error }) => error));
    expect(one?.map((x) => x / (one[0] as number))).toEqual([1, 1, 1].map((x) => expect.closeTo(x, 5)));
    expect(momentum).toEqual(fresh?.map((x) => expect.closeTo(x, 9)));
    expect(fresh?.[2]).toBeLessThan(fresh?.[0] as number);
    expect(exact).toEqual([0, 0, 0].map((x) => expect.closeTo(x, 9)));
    expect(rows.length).toBe(8);
    expect(figures.map(({ name }) => name)).toEqual(['averaging-mine-rank-1', 'averaging-mine-rank-2']);
  });

  it('says nothing but zero of zeros, and refuses projections that look at the gradient', async () => {
    const zero = [{ name: 'zero', gradient: zeros([3, 2]) }];
    const { rows } = await questions.averaging.ask({ gradients: zero, ranks: [1], batches: [2], trials: 2 });
    expect(rows.map((row) => [row.at[0]?.error, row.at[0]?.theory])).toEqual([0, 0, 0, 0].map((x) => [x, 0]));
    const looking = questions.averaging.ask({ gradients, projector: projectors.svd, ranks: [1] });
    await expect(looking).rejects.toThrow(/projector\/looks-at-gradients/);
  });
});
