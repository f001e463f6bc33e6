import { expect, test } from 'vitest';
import { compare, comparisonSection, sweepSection } from '../../../../bench/methods/comparison';
import { labelOf, references } from '../../../../bench/methods/entrants';
import type { Ask, Jobs } from '../../../../bench/methods/jobs';
import { setting as usual } from '../../../../bench/methods/setting';

const setting = { ...usual, width: 64, rank: 16, budget: 0.5 };
const names = [...Object.keys(references), 'galore', 'apolloMini'];

type Train = Jobs['train']['job'];

/** Bytes that grow with the rank: half of Adam's 30,000 hold rank 15 of Flora, and of GaLore, which begins at 7,200, rank 4. */
const bytes = ({ name, rank }: { name: string; rank: number | null }): number => {
  if (name === 'adam') return 30_000;
  return name === 'galore' ? 7200 + 1700 * (rank ?? 0) : 1000 * (rank ?? 1);
};

/** What trainings would come to: `levels` nats by name, a little more or less by seed. */
function asking(levels: Readonly<Record<string, number>>, size = bytes): { ask: Ask; trained: Train[] } {
  const trained: Train[] = [];
  const answers = {
    train(job: Train): number | null {
      trained.push(job);
      return (levels[job.name] ?? 2.5) + job.seed * 1e-3 + Math.abs(Math.log2(job.rate / 0.016)) * 0.1;
    },
    bytes: size,
    peak: () => 5e6,
  };
  const ask = async (kind: keyof typeof answers, jobs: readonly never[]) => jobs.map((job) => answers[kind](job));
  return { ask: ask as unknown as Ask, trained };
}

const open = { none: 3, adafactor: 2.4, sgd: 3.2, adam: 2.3 };
const textOf = async (levels: Readonly<Record<string, number>>, size = bytes) => {
  const comparison = await compare(names, setting, asking(levels, size).ask);
  return { section: comparisonSection(comparison, setting).join('\n'), sweep: sweepSection(comparison, setting) };
};

test('at equal bytes the rank is the largest within the budget, and each contender is trained once', async () => {
  const { ask, trained } = asking(open);
  const { budget, equalBytes, rows } = await compare(names, setting, ask);
  expect(budget).toBe(15_000);
  expect(equalBytes.map(({ contender }) => contender?.rank)).toEqual([null, null, null, null, 15, 15, 4, null]);
  expect(rows.map(({ name }) => name)).toContain('GaLore r 4');
  const runs = trained.map(({ name, rank, rate, seed }) => [name, rank, rate, seed].join());
  expect(new Set(runs).size).toBe(runs.length);
  expect(runs).toHaveLength((names.length + 3) * (setting.grid.length + 2 + 3));
});

test('what has more bytes even at rank 1 is named, and not in the table', async () => {
  const { section } = await textOf(open, (of) => (of.name === 'galore' ? 1e6 : bytes(of)));
  const [, equalBytes = ''] = section.split('### At equal bytes');
  expect(equalBytes).toContain('More than that even at rank 1: GaLore.');
  expect(equalBytes).not.toContain('| GaLore');
});

test('gates are open where dense beats none by its whole interval, and are said not to be otherwise', async () => {
  const { section } = await textOf(open);
  expect(section).toMatch(/gate of momentum in Adafactor is open: dense momentum beats none by 0\.6000 \[/);
  expect(section).toMatch(/gate of Adam's moments is open/);
  expect((await textOf({ ...open, adafactor: 3.1 })).section).toMatch(/gate of momentum in Adafactor is closed/);
  // One seed is as good as the other, the third is not: the interval has both signs.
  const { ask } = asking(open);
  const comparison = await compare(names, setting, ask);
  const rows = comparison.rows.map((row) => (row.contender.name === 'adam' ? { ...row, losses: [2, 4, 3.1] } : row));
  expect(comparisonSection({ ...comparison, rows }, setting).join('\n')).toMatch(
    /gate of Adam's moments cannot be told open.*cannot be told here/,
  );
});

test('gains are over none and over dense Adam, in the row of what gains', async () => {
  const { section } = await textOf({ ...open, galore: 2.2 });
  const row = section.split('\n').find((line) => line.startsWith('| GaLore r 16'));
  const cells = row?.split('|').map((cell) => cell.trim()) ?? [];
  expect(cells.slice(2, 8)).toEqual([
    '0.016',
    '2.200',
    '2.201',
    '2.202',
    '0.800 [0.800, 0.800]',
    '0.100 [0.100, 0.100]',
  ]);
  expect(cells.slice(8, 10)).toEqual(['34,400', '5,000,000']);
});

test('the sweep has every loss, the best in bold, and names what is at an edge', async () => {
  const { sweep } = await textOf(open);
  const row = sweep.find((line) => line.startsWith('| Adam'));
  expect(row).toContain('**2.400**');
  expect(row?.match(/\d\.\d{3}/g)).toHaveLength(setting.grid.length + 2);
  expect(sweep[1]).toBe('No best rate is at an edge.');
  expect(labelOf({ name: 'galore', rank: 5 })).toBe('GaLore r 5');
});
