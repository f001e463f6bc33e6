import { describe, expect, it } from 'vitest';
import { eye, type Key, projectors, random } from '../../../../src/index';
import { questions, type RefreshRow } from '../../../../src/study';
import { times, transposed } from '../../adapters/cases';

const [d, r] = [6, 2];
const small = { dimension: d, ranks: [r], steps: 40, learningRates: [0.05], seeds: 1, seed: 3 };

/** The same training in plain loops. Of the library it has the draws alone: Aᵀ [d, r] is the image of the identity. */
function byHand(onRefresh: 'transfer' | 'reset' | 'keep', every: number, rate: number, seed: number): number {
  const numbers = (key: Key): number[] => [...random.normal(key, [d, d]).dataSync()];
  const target = numbers(random.fold(random.key(seed), 'teacher')).map((x) => x * d ** -0.5);
  const drawn = (refreshes: number): number[] => {
    const key = random.fold(random.key(seed), 'w', 'projection', refreshes);
    return [...projectors.gaussian.down(projectors.gaussian.sample(key, [d, d], r, refreshes), eye(d)).dataSync()];
  };
  let w = new Array<number>(d * d).fill(0);
  let m = new Array<number>(d * r).fill(0);
  let [at, refreshes] = [drawn(0), 0];
  for (let step = 0; step < small.steps; step++) {
    if (step > 0 && step % every === 0) {
      refreshes += 1;
      const next = drawn(refreshes);
      if (onRefresh === 'reset') m = m.map(() => 0);
      if (onRefresh === 'transfer') m = times(times(m, transposed(at, r), r), next, d);
      at = next;
    }
    const gradient = w.map((x, i) => x - (target[i] as number));
    const c = times(gradient, at, d);
    m = m.map((x, i) => 0.9 * x + 0.1 * (c[i] as number));
    const update = times(m, transposed(at, r), r);
    w = w.map((x, i) => x - rate * (update[i] as number));
  }
  const square = (list: readonly number[]): number => list.reduce((sum, x) => sum + x * x, 0);
  return square(w.map((x, i) => x - (target[i] as number))) / square(target);
}

const refreshTable = async (options: Parameters<typeof questions.refresh.ask>[0]): Promise<readonly RefreshRow[]> =>
  (await questions.refresh.ask(options)).rows;

describe('questions.refresh', () => {
  it.each(['transfer', 'reset', 'keep'] as const)('trains as plain loops do, with %s', async (onRefresh) => {
    const rows = await refreshTable({ ...small, intervals: [15, Infinity], policies: [onRefresh], seeds: 2 });
    for (const [i, every] of [15, Infinity].entries()) {
      const expected = [4, 5].map((seed) => byHand(onRefresh, every, 0.05, seed)); // the seeds after the tuning one
      expect(rows[i]).toEqual({
        rank: r,
        onRefresh,
        refreshEvery: every === Infinity ? 'never' : every,
        learningRate: 0.05,
        errors: expected.map((x) => expect.closeTo(x, 4)),
        error: expect.closeTo(((expected[0] as number) + (expected[1] as number)) / 2, 4),
      });
    }
  });

  it('takes the best rate of the grid, on a seed that is not counted, and says where every rate diverges', async () => {
    const options = { ...small, intervals: [15], policies: ['reset'] as const };
    const [row] = await refreshTable({ ...options, policies: ['reset'], learningRates: [1e-4, 0.05, 1e3] });
    expect(row?.learningRate).toBe(0.05);
    expect(byHand('reset', 15, 0.05, 3)).toBeLessThan(byHand('reset', 15, 1e-4, 3));
    const [wild] = await refreshTable({ ...options, policies: ['reset'], learningRates: [1e3] });
    expect(wild).toMatchObject({ learningRate: null, error: null, errors: [null] });
  });

  it('has its rows in the order of ranks, policies and intervals, as many as it counts', async () => {
    const options = { ...small, ranks: [1, 2], intervals: [5, 9], policies: ['reset', 'keep'] as ('reset' | 'keep')[] };
    const rows = await refreshTable(options);
    expect(rows.map(({ rank, onRefresh, refreshEvery }) => [rank, onRefresh, refreshEvery])).toEqual(
      [1, 2].flatMap((rank) => ['reset', 'keep'].flatMap((policy) => [5, 9].map((every) => [rank, policy, every]))),
    );
    expect(questions.refresh.spec.count(options as never)).toBe(8);
  });

  it('shows every cell in the column of its interval, in the order that was asked for', () => {
    const row = (onRefresh: 'reset' | 'keep', refreshEvery: number | 'never', error: number | null): RefreshRow => ({
      rank: 2,
      onRefresh,
      refreshEvery,
      learningRate: 0.1,
      error,
      errors: [error],
    });
    const rows = [row('reset', 20, 0.25), row('reset', 'never', 0.5), row('keep', 20, null), row('keep', 'never', 0.5)];
    const { columns, lines } = questions.refresh.spec.table(rows);
    expect(columns.map(({ heading }) => heading)).toEqual(['rank', 'momentum', 'every 20', 'never']);
    expect(lines).toEqual([
      ['2', 'reset', '0.25', '0.5'],
      ['2', 'keep', 'diverged', '0.5'],
    ]);
    // While it goes on, what is not known yet is empty.
    expect(questions.refresh.spec.table(rows.slice(0, 3)).lines[1]).toEqual(['2', 'keep', 'diverged', '']);
  });

  it('refuses what it cannot do', async () => {
    await expect(refreshTable({ ranks: [0] })).rejects.toThrow(/options\/range/);
    await expect(refreshTable({ ranks: [2], intervals: [0] })).rejects.toThrow(/options\/range/);
    await expect(refreshTable({ ranks: [2], policies: ['hold' as never] })).rejects.toThrow(/options\/choice/);
    await expect(refreshTable({ dimension: 4, ranks: [5] })).rejects.toThrow(/compress\/nothing/);
  });
});
