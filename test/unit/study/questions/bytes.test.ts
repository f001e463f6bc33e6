import { describe, expect, it } from 'vitest';
import { projectors, random, tensor } from '../../../../src/index';
import { type BytesRow, questions } from '../../../../src/study';

const { coordinates, gaussian, haarUnscaled, svd, topCoordinates, twoSidedAverage } = projectors;
const gradients = [{ name: 'mine', gradient: random.normal(random.key(2), [6, 10]) }];

describe('questions.bytes', () => {
  it('counts the bytes of the compressed gradient and of what is stored, by hand', async () => {
    const chosen = [gaussian, topCoordinates, svd, twoSidedAverage];
    const { rows } = await questions.bytes.ask({ gradients, projectors: chosen, ranks: [2], trials: 32 });
    // [2, 10] of [6, 10]; two row numbers with a factor each; two rows of length 6; [6, 2] and [2, 10] of both sides.
    expect(rows.map(({ compressedFloats, storedFloats }) => [compressedFloats, storedFloats])).toEqual([
      [20, 0],
      [20, 4],
      [20, 12],
      [32, 0],
    ]);
    expect(rows.map(({ bytes }) => bytes)).toEqual([80, 96, 128, 128]);
    expect(rows[2]?.share).toBeCloseTo(32 / 60, 12);
  });

  it('has the errors of single draws and of means of 16, which fall to a sixteenth', async () => {
    const { rows } = await questions.bytes.ask({ gradients, projectors: [gaussian], ranks: [3], trials: 640, seed: 1 });
    const row = rows[0] as BytesRow;
    // (d + 1)/r = 7/3. Five standard errors: a right mean is further off once in 10⁶ times; the seed is fixed.
    expect(row.theoryMse).toBeCloseTo(7 / 3, 12);
    expect(Math.abs(row.relativeMse - 7 / 3)).toBeLessThan(5 * row.standardError);
    expect(Math.abs((row.averagedMse as number) - 7 / 48)).toBeLessThan(5 * (row.averagedError as number));
    expect(row.standardError).toBeLessThan(0.1);
    expect(row.averagedError).toBeLessThan(0.015);
    expect(row.trials).toBe(640);
  });

  it('is exact for a projection of two rows by one: one of them is lost, and the other doubled', async () => {
    const rowsOf = { name: 'rows', gradient: tensor([3, 0, 0, 4, 0, 0], { shape: [2, 3] }) };
    const options = { gradients: [rowsOf], projectors: [coordinates], ranks: [1], trials: 160 };
    const { rows } = await questions.bytes.ask(options);
    const row = rows[0] as BytesRow;
    expect(row.relativeMse).toBeCloseTo(1, 6); // (2 − 1)² of the one and 1 of the other
    expect(row.standardError).toBeLessThan(1e-6);
    // Means of 16 with k draws of the first row: both are off by k/8 − 1, so the error is (k/8 − 1)², on average 1/16.
    expect((row.averagedMse as number) * 64 * 10).toBeCloseTo(Math.round((row.averagedMse as number) * 640), 3);
    expect(Math.abs((row.averagedMse as number) - 1 / 16)).toBeLessThan(5 * (row.averagedError as number));
  });

  it('does not average what is biased, and draws once what is the same in each draw', async () => {
    const { rows, figures } = await questions.bytes.ask({
      gradients,
      projectors: [haarUnscaled, svd, gaussian],
      ranks: [2, 5],
      trials: 32,
    });
    expect(rows.map(({ averagedMse }) => averagedMse === null)).toEqual([true, true, true, true, false, false]);
    expect(rows.map(({ trials }) => trials).slice(2)).toEqual([1, 1, 32, 32]);
    expect(rows[3]?.relativeMse).toBeLessThan(1 / 6); // the smallest of 6 singular values is all that is lost
    expect(rows[2]?.relativeMse).toBeCloseTo(rows[2]?.theoryMse as number, 5);
    expect(figures.map(({ name }) => name)).toEqual(['bytes-mine', 'bytes-mean-mine']);
    expect(questions.bytes.spec.table(rows).lines[2]?.at(-1)).toBe('biased');
  });
});
