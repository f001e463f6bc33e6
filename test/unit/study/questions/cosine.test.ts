import { describe, expect, it } from 'vitest';
import { projectors, random, tensor } from '../../../../src/index';
import { type CosineRow, questions } from '../../../../src/study';

const { cosine } = questions;
const coordinatesByNorm = projectors.coordinatesByNorm({ of: 'norm' });

/** A diagonal gradient [2, 2] of a parameter at a step. */
const diagonal = (path: string, step: number, a: number, b: number) => ({
  name: `${path}@${step}`,
  gradient: tensor([a, 0, 0, b], { shape: [2, 2] }),
  path,
  step,
});

/** Rows that are all multiples of one: what happens to it happens to the whole gradient. */
const ray = { name: 'ray', gradient: tensor([3, 4, -6, -8, 1.5, 2], { shape: [3, 2] }) };

describe('the cosine', () => {
  it('of the best at rank 1 and of the largest column is worked out by hand', async () => {
    const gradients = [diagonal('w', 0, 3, 4)];
    const kept = [projectors.topCoordinates, projectors.svd];
    const { rows } = await cosine.ask({ gradients, projectors: kept, ranks: [1, 2] });
    const close = (x: number) => expect.closeTo(x, 6);
    expect(
      rows.map(({ projector, rank, age, cosine, best, trials }) => [projector, rank, age, cosine, best, trials]),
    ).toEqual([
      ['topCoordinates', 1, 0, close(0.8), close(0.8), 1],
      ['topCoordinates', 2, 0, close(1), close(1), 1],
      ['svd', 1, 0, close(0.8), close(0.8), 1],
      ['svd', 2, 0, close(1), close(1), 1],
    ]);
    expect(rows[0]).toMatchObject({ gradient: 'w@0', path: 'w', step: 0, standardError: 0, theoryCosine: null });
  });

  it('under a gaussian of rank 1 in the plane is |cos| of a uniform angle: 2/π', async () => {
    const trials = 1000;
    const { rows } = await cosine.ask({ gradients: [ray], projectors: [projectors.gaussian], ranks: [1], trials });
    const row = rows[0] as CosineRow;
    const error = Math.sqrt(1 / 2 - 4 / Math.PI ** 2) / Math.sqrt(trials);
    expect(Math.abs(row.cosine - 2 / Math.PI)).toBeLessThan(6 * error); // false alarm 2·10⁻⁹
    expect(row.standardError / error).toBeGreaterThan(0.9);
    expect(row.standardError / error).toBeLessThan(1.1);
    expect(row).toMatchObject({ theoryCosine: 0.5, age: null, path: null, step: null, trials, side: 'right' });
    expect(row.best).toBeCloseTo(1, 6);
  });

  it('by theory is √(r/(r + d + 1)) for gaussian, √(r/d) for Haar and for coordinates', async () => {
    const gradients = [{ name: 'g', gradient: random.normal(random.key(0), [20, 12]) }];
    const { gaussian, haar, haarUnscaled, coordinates, shrunkGaussian, twoSidedAverage } = projectors;
    const list = [gaussian, shrunkGaussian, haar, haarUnscaled, coordinates, twoSidedAverage];
    const { rows } = await cosine.ask({ gradients, projectors: list, ranks: [3, 12], trials: 60 });
    const expected = [3, 12].map((r) => [Math.sqrt(r / (r + 13)), Math.sqrt(r / 12)] as const);
    for (const row of rows.filter(({ projector }) => projector !== 'twoSidedAverage')) {
      const [normal, orthogonal] = expected[row.rank === 3 ? 0 : 1] as readonly [number, number];
      expect(row.theoryCosine).toBeCloseTo(/aussian/.test(row.projector) ? normal : orthogonal, 10);
    }
    // Ratios of means are near means of ratios: measured, within a tenth.
    for (const row of rows) expect(Math.abs(row.cosine / (row.theoryCosine as number) - 1)).toBeLessThan(0.1);
    expect(rows.find(({ projector, rank }) => projector === 'haar' && rank === 12)?.cosine).toBeCloseTo(1, 5);
  });

  it('at an age is that of a projection made of the older gradient of the same parameter', async () => {
    const gradients = [
      diagonal('b', 0, 1, 5),
      diagonal('w', 0, 5, 1),
      diagonal('w', 10, 3, 4),
      diagonal('w', 15, 1, 0),
    ];
    const { rows, figures } = await cosine.ask({
      gradients,
      projectors: [projectors.svd, projectors.topCoordinates, projectors.coordinates],
      ranks: [1],
      ages: [0, 10],
    });
    const old = rows.filter(({ age }) => age === 10);
    expect(old.map(({ gradient, projector, cosine }) => [gradient, projector, cosine])).toEqual([
      ['w@10', 'svd', expect.closeTo(0.6, 6)],
      ['w@10', 'topCoordinates', expect.closeTo(0.6, 6)],
    ]);
    expect(old[0]).toMatchObject({ best: expect.closeTo(0.8, 6), theoryCosine: null });
    expect(rows.filter(({ age }) => age === null).map(({ projector }) => projector)).toEqual(
      Array(4).fill('coordinates'),
    );
    expect(rows).toHaveLength(4 * 3 + 2);
    expect(cosine.spec.count({ ...(await defaults()), gradients, ranks: [1], ages: [0, 10] })).toBe(4 * 6 + 2 * 1);
    expect(figures.map(({ name }) => name)).toEqual(['cosine-rank-1']);
    const random = await cosine.ask({
      gradients,
      projectors: [coordinatesByNorm],
      ranks: [1],
      ages: [0, 10],
      trials: 3,
    });
    expect(random.rows.map(({ theoryCosine, trials }) => [theoryCosine === null, trials])).toEqual([
      [false, 3],
      [false, 3],
      [false, 3],
      [true, 3], // theory is of gradients that a projection is made of
      [false, 3],
    ]);
  });

  it('is refused for an age that no gradient has', async () => {
    const gradients = [diagonal('w', 0, 5, 1), diagonal('b', 10, 1, 5), ray];
    await expect(cosine.ask({ gradients, ranks: [1], ages: [0, 10] })).rejects.toThrow(
      /\[study\/ages\].*age 10.*steps 0, 10/,
    );
    await expect(cosine.ask({ gradients: [ray], ranks: [1], ages: [3] })).rejects.toThrow(/without steps/);
    await expect(cosine.ask({ gradients, ranks: [1], trials: 1 })).rejects.toThrow(/options\/range/);
  });

  it('of a zero gradient is 0, and a seed gives the same again', async () => {
    const zero = { name: 'zero', gradient: tensor([0, 0, 0, 0], { shape: [2, 2] }) };
    const { rows } = await cosine.ask({ gradients: [zero], ranks: [1], trials: 2 });
    expect(rows.map((row) => [row.cosine, row.best])).toEqual(Array(6).fill([0, 0]));
    const asked = (seed: number) => cosine.ask({ gradients: [ray], ranks: [1], trials: 3, seed });
    expect((await asked(4)).rows).toEqual((await asked(4)).rows);
    expect((await asked(4)).rows[0]?.cosine).not.toBe((await asked(5)).rows[0]?.cosine);
  });
});

/** What the options are where nothing is said. */
async function defaults() {
  const values = Object.entries(cosine.spec.options).map(([name, { otherwise }]) => [name, otherwise]);
  return Object.fromEntries(values) as Parameters<typeof cosine.spec.count>[0];
}
