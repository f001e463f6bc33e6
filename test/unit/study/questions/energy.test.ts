import { describe, expect, it } from 'vitest';
import { eye, projectors, tensor } from '../../../../src/index';
import { type EnergyRow, questions } from '../../../../src/study';

const { energy } = questions;
const explicit = (...rows: number[][]) => {
  const a = tensor(rows.flat(), { shape: [rows.length, (rows[0] as number[]).length] });
  return projectors.explicit([a, a]);
};

/** Squared singular values 9·(4, 3, 2, 1): the columns are those of the identity, scaled. */
const known = {
  name: 'known',
  gradient: tensor([6, 0, 0, 0, 0, Math.sqrt(27), 0, 0, 0, 0, Math.sqrt(18), 0, 0, 0, 0, 3, 0, 0, 0, 0], {
    shape: [5, 4],
  }),
};

describe('the energy inside', () => {
  it('is the most for the leading vectors, and 90 % of 16 equal directions are in 15', async () => {
    const kept = [projectors.svd, projectors.topCoordinates];
    const { rows } = await energy.ask({ gradients: [known], projectors: kept, ranks: [1, 2, 3, 4] });
    for (const row of rows) {
      expect(row.energy).toBeCloseTo([0.4, 0.7, 0.9, 1][row.rank - 1] as number, 6);
      expect(row.most).toBeCloseTo([0.4, 0.7, 0.9, 1][row.rank - 1] as number, 6);
      expect(row).toMatchObject({ blind: row.rank / 4, trials: 1, standardError: 0, age: 0, side: 'right' });
    }
    const flat = { name: 'flat', gradient: eye(16) };
    const { rows: flats } = await energy.ask({ gradients: [flat], projectors: kept, ranks: [4] });
    expect(flats[0]).toMatchObject({ rankFor90: 15, most: expect.closeTo(0.25, 6) }); // 14.4 of 16 directions
  });

  it.each([
    ['of length 5', [[3, 4]]],
    ['of length 0.005', [[0.003, 0.004]]],
  ])('is that of a skewed row, %s', async (_, matrix) => {
    const gradients = [{ name: 'g', gradient: tensor([1, 0, 0, 3, 0, 0], { shape: [3, 2] }) }];
    const { rows } = await energy.ask({ gradients, projectors: [explicit(...matrix)], ranks: [1], trials: 2 });
    // Rows of G on q = (0.6, 0.8): 0.6 and 2.4, so 0.36 + 5.76 of 10.
    expect(rows[0]?.energy).toBeCloseTo(0.612, 6);
  });

  it('counts the span once where rows of A are alike, on the left too', async () => {
    // Columns of G, of which the plane of the first two coordinates holds 1 + 4 of 1 + 4 + 9 + 16.
    const left = { name: 'left', gradient: tensor([1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 4], { shape: [3, 4] }) };
    const twice = explicit([1, 1, 0], [2, 2, 0], [1, -1, 0]);
    const { rows } = await energy.ask({ gradients: [left], projectors: [twice], ranks: [3], trials: 2 });
    expect(rows[0]?.energy).toBeCloseTo(5 / 30, 6);
    expect(rows[0]?.side).toBe('left');
  });

  it('of a uniform line in the plane has mean 1/2 and variance 1/8, whatever the scale of A', async () => {
    const trials = 800;
    const line = { name: 'line', gradient: tensor([3, 4, 6, 8, -3, -4], { shape: [3, 2] }) };
    const list = [projectors.gaussian, projectors.haar, projectors.haarUnscaled];
    const { rows } = await energy.ask({ gradients: [line], projectors: list, ranks: [1], trials });
    const error = Math.sqrt(1 / 8 / trials); // cos² of a uniform angle
    for (const row of rows) {
      expect(Math.abs(row.energy - 0.5)).toBeLessThan(6 * error); // false alarm 2·10⁻⁹ each
      expect(row.standardError / error).toBeGreaterThan(0.9);
      expect(row.standardError / error).toBeLessThan(1.1);
    }
  });

  it('is all of it at full rank, and at an age that of the older subspace', async () => {
    const gradients = [
      { name: 'w@0', gradient: tensor([5, 0, 0, 1], { shape: [2, 2] }), path: 'w', step: 0 },
      { name: 'w@7', gradient: tensor([3, 0, 0, 4], { shape: [2, 2] }), path: 'w', step: 7 },
    ];
    const { rows, figures } = await energy.ask({
      gradients,
      projectors: [projectors.svd, projectors.rademacher],
      ranks: [1, 2],
      ages: [7],
      trials: 2,
    });
    const of = (projector: string, rank: number) =>
      rows.filter((row) => row.projector === projector && row.rank === rank) as EnergyRow[];
    expect(of('svd', 1)).toMatchObject([{ energy: expect.closeTo(0.36, 6), most: expect.closeTo(0.64, 6), step: 7 }]);
    expect(of('svd', 2)).toMatchObject([{ energy: expect.closeTo(1, 6) }]);
    expect(of('rademacher', 1)).toHaveLength(2);
    expect(figures.map(({ name }) => name)).toEqual(['energy-rank-1', 'energy-rank-2', 'energy-rank-for-90']);
  });

  it('refuses two sides and ages that there are not, and is 0 of zero', async () => {
    const [gradients, two] = [[known], [projectors.twoSidedAverage]];
    await expect(energy.ask({ gradients, ranks: [1], projectors: two })).rejects.toThrow(
      /\[study\/two-sided\].*twoSidedAverage/,
    );
    await expect(energy.ask({ gradients, ranks: [1], ages: [2] })).rejects.toThrow(/study\/ages/);
    const zero = { name: 'zero', gradient: tensor([0, 0, 0, 0], { shape: [2, 2] }) };
    const { rows } = await energy.ask({ gradients: [zero], ranks: [1], trials: 2 });
    expect(rows.map((row) => [row.energy, row.most, row.rankFor90])).toEqual(Array(6).fill([0, 0, 0]));
    const asked = (seed: number) => energy.ask({ gradients, ranks: [2], trials: 3, seed });
    expect((await asked(4)).rows).toEqual((await asked(4)).rows);
    expect((await asked(4)).rows[0]?.energy).not.toBe((await asked(5)).rows[0]?.energy);
  });
});
