import { expect, test } from 'vitest';
import { searched } from '../../../../bench/methods/search';

interface Job {
  readonly name: string;
  readonly rate: number;
  readonly seed: number;
}

const seeds = { tuning: 100, counted: [0, 1] };
const grid = [1, 4, 16];
const method = (name: string) => ({
  name,
  rates: grid,
  job: (rate: number, seed: number): Job => ({ name, rate, seed }),
});

/** Loss |log2(rate) − best|; on the seeds that count another rate would be better. */
const bests: Readonly<Record<string, number>> = { coarse: 2, finer: 3.2, low: -3, high: 9 };
const loss = ({ name, rate, seed }: Job): number | null =>
  name === 'wild' ? null : Math.abs(Math.log2(rate) - (seed === seeds.tuning ? (bests[name] as number) : 0));

async function search(...names: string[]) {
  const asked: Job[] = [];
  const rows = await searched(names.map(method), seeds, async (jobs) => {
    asked.push(...jobs);
    return jobs.map(loss);
  });
  return { rows, asked };
}

test('the best of the grid, half and twice of it are tried, and no seed that counts chooses', async () => {
  const { rows, asked } = await search('coarse', 'finer');
  expect(rows.map(({ name, rate, edge }) => [name, rate, edge])).toEqual([
    ['coarse', 4, false],
    ['finer', 8, false],
  ]);
  const tried = (name: string) => asked.filter((job) => job.name === name && job.seed === seeds.tuning);
  expect(tried('coarse').map(({ rate }) => rate)).toEqual([1, 4, 16, 2, 8]);
  const counted = asked.filter(({ seed }) => seed !== seeds.tuning);
  expect(counted.map(({ name, rate, seed }) => [name, rate, seed])).toEqual([
    ['coarse', 4, 0],
    ['coarse', 4, 1],
    ['finer', 8, 0],
    ['finer', 8, 1],
  ]);
  expect(rows[1]?.losses).toEqual([3, 3]);
  expect(rows[0]?.sweep.map(({ rate }) => rate)).toEqual([1, 2, 4, 8, 16]);
});

test('a rate that is the least or the largest of those tried is at an edge', async () => {
  const { rows } = await search('low', 'high');
  expect(rows.map(({ rate, edge }) => [rate, edge])).toEqual([
    [0.5, true],
    [32, true],
  ]);
});

test('what diverges at every rate has none, and takes no result of the next', async () => {
  const { rows, asked } = await search('wild', 'coarse');
  expect(rows.map(({ rate, losses }) => [rate, losses])).toEqual([
    [null, [null, null]],
    [4, [2, 2]],
  ]);
  expect(asked.filter(({ name }) => name === 'wild')).toHaveLength(grid.length);
});
