import { describe, expect, it } from 'vitest';
import { random } from '../../../../src/index';
import { type AccumulatedRow, questions } from '../../../../src/study';

const at = (row: AccumulatedRow | undefined, step: number) => row?.at.find((one) => one.step === step);

describe('questions.accumulated', () => {
  it('adds r to the rank with each projection, stays at r with one for good, and is full at once when dense', async () => {
    const options = { ranks: [2], intervals: [5, Infinity], dimension: 16, steps: 25, decay: 0.5, seeds: 2 };
    const { rows, figures } = await questions.accumulated.ask(options);
    const [often, never, dense] = rows;
    // New projections are there from the steps 6, 11, 16 and 21 on: ranks 2, 4, 6, 8 and 10 of 16.
    for (const [step, rank] of [
      [1, 2],
      [4, 2],
      [6, 4],
      [10, 4],
      [12, 6],
      [16, 8],
      [20, 8],
      [24, 10],
    ] as const)
      expect(at(often, step)).toMatchObject({ rank, bound: rank, rankError: 0 });
    expect(never?.at.map(({ rank, bound }) => [rank, bound])).toEqual(never?.at.map(() => [2, 2]));
    expect(dense?.at.map(({ rank, bound }) => [rank, bound])).toEqual(dense?.at.map(() => [16, 16]));
    expect([never?.refreshEvery, dense?.refreshEvery, dense?.rank]).toEqual(['never', null, null]);
    expect(questions.accumulated.spec.count({ ...options, policies: ['reset'] } as never)).toBe(3);
    expect(figures.map(({ name }) => name)).toEqual(['accumulated-rank', 'accumulated-effective-rank']);
  });

  it('has the effective rank and what is left of the dense update from the teacher alone', async () => {
    const options = {
      ranks: [1],
      intervals: [Infinity],
      dimension: 2,
      steps: 3,
      decay: 0,
      learningRate: 0.25,
      seeds: 1,
    };
    const { rows } = await questions.accumulated.ask({ ...options, seed: 6 });
    const [a, b, c, d] = Array.from(random.normal(random.fold(random.key(6), 'teacher'), [2, 2]).dataSync()) as [
      number,
      number,
      number,
      number,
    ];
    // W_t = (1 − (3/4)^t)·W*: singular values of a 2×2 matrix by their sum of squares and their product.
    const [total, product] = [a * a + b * b + c * c + d * d, a * d - b * c];
    const root = Math.sqrt(total ** 2 - 4 * product ** 2);
    const parts = [(total + root) / (2 * total), (total - root) / (2 * total)];
    const effective = Math.exp(-parts.reduce((sum, p) => sum + p * Math.log(p), 0));
    for (const step of [1, 2, 3]) {
      expect(at(rows.at(-1), step)?.effectiveRank).toBeCloseTo(effective, 4);
      expect(at(rows.at(-1), step)?.left).toBeCloseTo(0.75 ** (2 * step), 5);
    }
    expect(at(rows[0], 3)?.effectiveRank).toBeCloseTo(1, 6);
  });

  it('ends where a training diverges, and has seeds of their own', async () => {
    const options = { ranks: [1], intervals: [2], dimension: 4, steps: 40, seeds: 2 };
    const { rows } = await questions.accumulated.ask({ ...options, learningRate: 1e4 });
    expect(rows[1]?.at.length).toBeLessThan(5);
    expect(questions.accumulated.spec.table(rows).lines.length).toBe(2);
    const calm = await questions.accumulated.ask(options);
    expect(calm.rows[1]?.at[0]?.effectiveRankError).toBeGreaterThan(0);
  });
});
