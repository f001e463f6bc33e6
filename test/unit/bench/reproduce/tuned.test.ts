import { expect, test } from 'vitest';
import { againstDense } from '../../../../bench/reproduce/against-dense';
import { tuned } from '../../../../bench/reproduce/tuned';

interface Job {
  readonly name: string;
  readonly rate: number;
  readonly seed: number;
}

const seeds = { tuning: 100, counted: [0, 1] };
const method = (name: string, rates: readonly number[]) => ({
  name,
  rates,
  job: (rate: number, seed: number): Job => ({ name, rate, seed }),
});

/** Loss (rate − best)² + seed/1000, where the seeds that count would prefer another rate than the seed for tuning. */
const loss = ({ name, rate, seed }: Job): number | null => {
  if (name === 'wild' || rate > 5) return null;
  const best = seed === seeds.tuning ? 2 : 3;
  return (rate - best) ** 2 + seed / 1000;
};

test('a rate is chosen for each method on the seed for tuning, which does not count', async () => {
  const asked: Job[] = [];
  const rows = await tuned([method('a', [1, 2, 3, 9]), method('b', [0, 1])], seeds, async (jobs) => {
    asked.push(...jobs);
    return jobs.map(loss);
  });
  expect(rows).toEqual([
    { name: 'a', rate: 2, edge: false, losses: [1, 1.001] },
    { name: 'b', rate: 1, edge: true, losses: [4, 4.001] },
  ]);
  expect(asked.filter(({ seed }) => seed === 0).map(({ rate }) => rate)).toEqual([2, 1]);
});

test('a method that diverges at every rate has no rate and no loss, and the next keeps its own', async () => {
  const rows = await tuned([method('wild', [1, 2]), method('a', [2, 4])], seeds, async (jobs) => jobs.map(loss));
  expect(rows).toEqual([
    { name: 'wild', rate: null, edge: false, losses: [null, null] },
    { name: 'a', rate: 2, edge: true, losses: [1, 1.001] },
  ]);
});

test('a single rate is not tried, and takes no result of another method', async () => {
  const asked: Job[] = [];
  const rows = await tuned([method('a', [1]), method('b', [1, 2])], { ...seeds, counted: [0] }, async (jobs) => {
    asked.push(...jobs);
    return jobs.map(loss);
  });
  expect(rows).toEqual([
    { name: 'a', rate: 1, edge: false, losses: [4] },
    { name: 'b', rate: 2, edge: true, losses: [1] },
  ]);
  expect(asked.filter(({ seed }) => seed === seeds.tuning).map(({ name }) => name)).toEqual(['b', 'b']);
});

test('as good as dense means nine tenths of its gain, and better than none is another sentence', () => {
  const row = (name: string, losses: readonly number[]) => ({ name, rate: 1, edge: false, losses });
  const counts = [0, 1, 2];
  const none = row('none', [3, 3.001, 2.999]);
  const dense = row('dense', [2, 2.001, 1.999]);
  const verdicts = (losses: readonly number[]) =>
    againstDense([none, dense, row('ours', losses)], counts, 'it').parts.map(({ verdict }) => verdict);
  expect(verdicts([2.05, 2.051, 2.049])).toEqual(['holds', 'holds']);
  expect(verdicts([2.5, 2.501, 2.499])).toEqual(['holds', 'fails']);
  expect(verdicts([3.5, 3.501, 3.499])).toEqual(['fails', 'fails']);
  const closed = againstDense([dense, none, row('ours', [1, 1.001, 0.999])], counts, 'it');
  expect(closed.parts.map(({ verdict }) => verdict)).toEqual(['cannot tell here', 'cannot tell here']);
});
