import { describe, expect, it } from 'vitest';
import { mul, projectors, random, tensor } from '../../../../src/index';
import { type JlRow, questions } from '../../../../src/study';

const { jl } = questions;

/** One vector of the plane, and another of no length: rows of a gradient [3, 2]. */
const ray = { name: 'ray', gradient: tensor([3, 4, 0, 0, 0, 0], { shape: [3, 2] }) };

/** A share of draws within 6 standard errors of its chance (false alarm 2·10⁻⁹). */
function expectShare(share: number, chance: number, draws: number): void {
  expect(Math.abs(share - chance)).toBeLessThan(6 * Math.sqrt((chance * (1 - chance)) / draws));
}

describe('lengths after a projection', () => {
  it('by hand: medians, the part 1 − δ and the largest, of vectors that are not 0', async () => {
    // |‖Ax‖²/‖x‖² − 1| for A = (2, 0): 3, 1 and |4·9/25 − 1|; for A = (0, 1): 1, 0 and |16/25 − 1|.
    const g = { name: 'g', gradient: tensor([1, 0, 0, 1, 3, 4, 0, 0], { shape: [4, 2] }) };
    const matrices = projectors.explicit([tensor([2, 0], { shape: [1, 2] }), tensor([0, 1], { shape: [1, 2] })]);
    const asked = { gradients: [g], projectors: [matrices], ranks: [1], trials: 2, failureChance: 0.2 };
    const { rows, figures } = await jl.ask(asked);
    // In order: 0, 0.36, 0.44, 1, 1, 3.
    const close = (x: number) => expect.closeTo(x, 6);
    expect(rows).toMatchObject([
      { median: close(0.44), usual: close(1), largest: close(3), vectors: 3, trials: 2, dimension: 2 },
    ]);
    expect(rows).toMatchObject([{ promised: null, failures: null, failureChance: 0.2 }]);
    expect(figures.map(({ name }) => name)).toEqual(['jl-g']);
  });

  it('on the left are those of columns', async () => {
    const g = { name: 'g', gradient: tensor([1, 0, 2, 0, 1, 2], { shape: [2, 3] }) };
    const matrices = projectors.explicit([tensor([2, 0], { shape: [1, 2] }), tensor([2, 0], { shape: [1, 2] })]);
    const { rows } = await jl.ask({ gradients: [g], projectors: [matrices], ranks: [1], trials: 2 });
    expect(rows).toMatchObject([{ vectors: 3, median: 1, largest: 3 }]); // 4 − 1, 0 − 1, 16/8 − 1
  });

  it('of a gaussian of rank 2 are exponential', async () => {
    // χ²₂/2 is exponential with mean 1, so 0.5 or less off has the chance e^−0.5 − e^−1.5 = 0.3834.
    const trials = 800;
    const { rows } = await jl.ask({ gradients: [ray], projectors: [projectors.gaussian], ranks: [2], trials });
    const row = rows[0] as JlRow;
    const within = (x: number) => Math.exp(-Math.max(0, 1 - x)) - Math.exp(-1 - x);
    expectShare(within(row.median), 0.5, trials);
    expectShare(within(row.usual), 0.95, trials);
    expect(row).toMatchObject({ vectors: 1, trials, promised: null, failures: null });
  });

  it('of a rademacher in the plane are off by 0.96 at rank 1, never more nor less', async () => {
    const { rows } = await jl.ask({ gradients: [ray], projectors: [projectors.rademacher], ranks: [1], trials: 9 });
    expect(rows).toMatchObject([{ median: expect.closeTo(0.96, 6), largest: expect.closeTo(0.96, 6) }]); // (3 ± 4)²/25
  });

  it('are promised to be off by less than √(8·ln(2/δ)/r), from 30 rows on where δ is 5 %', async () => {
    const g = { name: 'g', gradient: random.normal(random.key(0), [48, 40]) };
    const { gaussian, rademacher, haar, coordinates, svd } = projectors;
    const list = [gaussian, rademacher, haar, coordinates, svd];
    const { rows } = await jl.ask({ gradients: [g], projectors: list, ranks: [29, 30, 40], trials: 12 });
    const promised = (rank: number) => rows.filter((row) => row.rank === rank).map((row) => row.promised);
    expect(promised(29)).toEqual(Array(5).fill(null)); // 8·ln 40 = 29.511
    expect(promised(30)).toEqual([...Array(3).fill(expect.closeTo(0.991818, 5)), null, null]);
    expect(promised(40)).toEqual([...Array(3).fill(expect.closeTo(0.858939, 5)), null, null]);
    for (const { failures } of rows.filter((row) => row.promised !== null)) expect(failures).toBeLessThan(0.05);
    expect(jl.spec.verdict?.(rows)).toBe('The promise is kept in all 6 rows that have one, of 15.');
  });

  it('that fail too often are counted, and said', async () => {
    const g = { name: 'g', gradient: random.normal(random.key(0), [80, 70]) };
    const asked = { gradients: [g], ranks: [40], trials: 5, failureChance: 0.999 };
    const { rows } = await jl.ask({ ...asked, projectors: [projectors.gaussian] });
    // ε = √(8·ln(2/0.999)/40) = 0.3727 of a χ²₄₀/40 of deviation 0.2236: some nine in a hundred fail.
    expect(rows[0]?.failures).toBeGreaterThan(0.05);
    expect(rows[0]?.failures).toBeLessThan(0.16);
    const broken = rows.map((row) => ({ ...row, failureChance: 0.01 }));
    expect(jl.spec.verdict?.(broken)).toBe('The promise is broken in 1 of the 1 rows that have one.');
    // One that doubles A is off by about 3, and is no longer the projector that promises.
    const doubled = { ...projectors.gaussian, down: (p: never, x: never) => mul(projectors.gaussian.down(p, x), 2) };
    const own = await jl.ask({ ...asked, projectors: [doubled as typeof projectors.gaussian] });
    expect(own.rows[0]?.median).toBeGreaterThan(2);
    expect(jl.spec.verdict?.(own.rows)).toMatch(/promises nothing/);
  });

  it('refuses two sides; a seed gives the same again, and a zero gradient has no vectors', async () => {
    const two = jl.ask({ gradients: [ray], projectors: [projectors.twoSidedAverage], ranks: [1] });
    await expect(two).rejects.toThrow(/\[study\/two-sided\]/);
    await expect(jl.ask({ gradients: [ray], ranks: [1], failureChance: 1 })).rejects.toThrow(/options\/range/);
    const asked = (seed: number) => jl.ask({ gradients: [ray], ranks: [2], trials: 3, seed });
    expect((await asked(4)).rows).toEqual((await asked(4)).rows);
    expect((await asked(4)).rows[0]?.median).not.toBe((await asked(5)).rows[0]?.median);
    const zero = { name: 'zero', gradient: tensor([0, 0, 0, 0], { shape: [2, 2] }) };
    const { rows } = await jl.ask({ gradients: [zero], ranks: [1], trials: 2 });
    expect(rows[0]).toMatchObject({ vectors: 0, median: 0, largest: 0 });
  });
});
