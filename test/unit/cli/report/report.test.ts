import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trainPage } from '../../../../src/cli/report/train-page';
import type { Screen } from '../../../../src/cli/terminal/io';
import { textTable } from '../../../../src/cli/terminal/table';
import type { TrainOutput } from '../../../../src/cli/train/output';
import { conclude, groupRuns, runColumns } from '../../../../src/cli/train/summary';
import type { Chart } from '../../../../src/report/page';
import { captured, tinyTraining, workFolder, writeText } from '../captured';

const cwd = workFolder();
writeText(cwd);

/** What the page of a report draws, and the text of its table, row by row. */
function read(page: string): { charts: Chart[]; rows: string[][]; text: string } {
  const [, json] = /<script type="application\/json" id="charts">(.*?)<\/script>/s.exec(page) ?? [];
  const [, body] = /<tbody>(.*?)<\/tbody>/s.exec(page) ?? [];
  const plain = (html: string): string =>
    html
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim();
  const rows = (body ?? '').split('</tr>').slice(0, -1);
  return {
    charts: JSON.parse(json ?? '[]') as Chart[],
    rows: rows.map((row) => [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/g)].map(([, cell]) => plain(cell as string))),
    text: plain((/<main>(.*?)<\/main>/s.exec(page) ?? [])[1] ?? ''),
  };
}

/** A run whose every number is another one. */
const run = (
  optimizer: 'none' | 'adafactor' | 'flora' | 'adamw',
  rank: number | null,
  seed: number,
  validationLoss: number,
  kilobytes: number,
) => ({
  optimizer,
  rank,
  seed,
  steps: 3,
  trainLoss: [4 + validationLoss / 7, 3 + validationLoss / 7, validationLoss / 7],
  validationLoss,
  stateBytes: 1024 * kilobytes,
  peakBytes: 1024 * (kilobytes + 5000),
  tokensPerSecond: 1000 * kilobytes + seed,
  seconds: 20 + validationLoss,
});
const made: TrainOutput = {
  task: { data: 'a text', unigramEntropy: 3.1, bigramEntropy: 2.6 },
  model: { parameters: 12345, vocabularySize: 28, context: 8, width: 16, heads: 2, layers: 3 },
  runs: [0, 1].flatMap((seed) => [
    run('none', null, seed, 2.4 + 0.4 * seed, 1),
    run('adafactor', null, seed, 2 + 0.2 * seed, 100),
    run('flora', 8, seed, 2.5 + 0.2 * seed, 25),
    run('flora', 64, seed, 2.1 + 0.2 * seed, 60),
    run('adamw', null, seed, 1.9, 200),
  ]),
  writer: { optimizer: 'flora', rank: 64, seed: 1 },
  sample: 'it was',
  words: { count: 2, known: 1 },
  command: 'floragrad train --by hand',
  backend: { backend: 'wasm', build: 'baseline', threads: 1 },
};

describe('a comparison made by hand', () => {
  it('has the gain over the control of what is compared with it, seed by seed', () => {
    const gains = groupRuns(made).map(({ name, gain }) => [name, gain && [gain.mean, ...(gain.interval ?? [])]]);
    // Differences of two seeds: 0.4 and 0.6, −0.1 and 0.1, 0.3 and 0.5. The 97.5 % point of one degree of freedom is 12.7062.
    const half = 12.7062 * 0.1;
    const near = (mean: number) => [mean, mean - half, mean + half].map((x) => expect.closeTo(x, 4));
    expect(gains).toEqual([
      ['none', null],
      ['adafactor', near(0.5)],
      ['flora rank 8', near(0)],
      ['flora rank 64', near(0.4)],
      ['adamw', null],
    ]);
    const alone = { ...made, runs: made.runs.filter(({ optimizer }) => optimizer !== 'none') };
    expect(groupRuns(alone).every(({ gain }) => gain === null)).toBe(true);
    const one = { ...made, runs: made.runs.filter(({ seed }) => seed === 0) };
    expect(groupRuns(one)[1]?.gain).toEqual({ mean: expect.closeTo(0.4, 9), interval: null });
  });

  it('has every number in the column of its name, in the terminal and in the report', () => {
    const rows = [
      ['none', '–', '2.600 ± 0.283', '–', '1.00 KiB', '4.88 MiB', '1,001', '23 s'],
      ['adafactor', '–', '2.100 ± 0.141', '0.500 [−0.771, 1.771]', '100.0 KiB', '4.98 MiB', '100,001', '22 s'],
      ['flora', '8', '2.600 ± 0.141', '0.000 [−1.271, 1.271]', '25.0 KiB', '4.91 MiB', '25,001', '23 s'],
      ['flora', '64', '2.200 ± 0.141', '0.400 [−0.871, 1.671]', '60.0 KiB', '4.94 MiB', '60,001', '22 s'],
      ['adamw', '–', '1.900 ± 0.000', '–', '200.0 KiB', '5.08 MiB', '200,001', '22 s'],
    ];
    const headings = ['optimizer', 'rank', 'validation loss', 'gain', 'state', 'peak memory', 'tokens per s', 'time'];
    expect(runColumns.map(({ heading }) => heading)).toEqual(headings);
    const cells = (line: string): string[] => line.trim().split(/ {2,}/);
    expect(textTable(runColumns, groupRuns(made)).slice(2).map(cells)).toEqual(rows);
    expect(read(trainPage(made)).rows).toEqual(rows);
  });

  it('says in one sentence what flora of the highest rank kept of dense state, and what it reached', () => {
    const { text } = read(trainPage(made));
    expect(text).toContain(
      'flora rank 64 kept 60.0 KiB of optimizer state where dense adafactor kept 100.0 KiB (60.0 % of it), and reached 2.200 where dense reached 2.100. Without momentum it reached 2.600, with 1.00 KiB.',
    );
    expect(text).toContain('A GPT of 12,345 parameters (3 layers of width 16) learned to write a text');
    expect(text).toContain(
      'Text written by flora rank 64, seed 1 it was 1 of its 2 words occur in the text (50 %). Repeat this floragrad train --by hand',
    );
    expect(text).toContain('only counts characters scores 3.100, one that counts pairs 2.600');
    const without = (name: string) =>
      read(trainPage({ ...made, runs: made.runs.filter((one) => one.optimizer !== name) }));
    expect(without('adafactor').text).not.toContain('of optimizer state where');
    expect(without('flora').text).not.toContain('of optimizer state where');
    expect(without('none').text).toMatch(/dense reached 2\.100\. +Training/);
  });

  it('says whether momentum is worth anything on the task', () => {
    const said = (output: TrainOutput): string => {
      const lines: string[] = [];
      const paint = { bold: (t: string) => t, dim: (t: string) => t, cyan: (t: string) => t };
      conclude({ paint, line: (...parts: string[]) => lines.push(parts.join('')) } as unknown as Screen, output);
      return lines.join('\n');
    };
    const verdict = 'cannot tell what compressing momentum costs';
    expect(said(made)).toContain('than that of none, Adafactor without momentum, the control, seed by seed');
    // With two seeds the interval of 0.4 and 0.6 holds 0.
    expect(said(made)).toContain(
      `Gate not passed: dense momentum gains 0.500 [−0.771, 1.771], so this comparison ${verdict}.`,
    );
    const sure = made.runs.map((one) =>
      one.optimizer === 'none' ? { ...one, validationLoss: 2.6 + 0.2 * one.seed } : one,
    );
    const passed = said({ ...made, runs: sure });
    expect(passed).not.toContain(verdict);
    expect(passed).toContain(
      'Gate passed: dense momentum gains 0.600 [0.600, 0.600], so what flora compresses matters',
    );
    expect(passed).toContain(
      'flora rank 8 keeps 17 % of that, with 25 % of the state; flora rank 64 keeps 83 % of that, with 60 % of the state.',
    );
    expect(read(trainPage({ ...made, runs: sure })).text).toContain('Gate passed: dense momentum gains 0.600');
    const one = said({ ...made, runs: made.runs.filter(({ seed }) => seed === 0) });
    expect(one).toContain('One seed: whether momentum is worth anything on this task cannot be told from it.');
    expect(one).not.toContain('Gate');
    const none = made.runs.filter(({ optimizer }) => optimizer !== 'none');
    expect(said({ ...made, runs: none })).not.toMatch(/Gain:|Gate/);
    expect(said(made)).toMatch(/which has the lowest loss\n {2}it was\n1 of its 2 words occur in the text \(50 %\)\.$/);
  });

  it('draws the curves, their marks, the levels and the bars of these numbers', () => {
    const page = trainPage(made);
    const [chart] = read(page).charts as [Chart];
    expect(chart.x).toEqual([1, 2, 3]);
    expect(chart.levels).toEqual([
      { label: 'counting characters 3.100', y: 3.1 },
      { label: 'counting pairs 2.600', y: 2.6 },
    ]);
    const names = ['none', 'adafactor', 'flora rank 8', 'flora rank 64', 'adamw'];
    expect(chart.series).toEqual(
      made.runs.map((one, i) => ({
        label: `${names[i % 5]}, seed ${one.seed}`,
        colour: i % 5,
        values: one.trainLoss.map((loss) => Number(loss.toPrecision(5))),
        mark: { x: 3, y: one.validationLoss },
      })),
    );
    const bars = [...page.matchAll(/<dt>(.*?)<\/dt>.*?width:([\d.]+)%.*?"amount">(.*?)</gs)].map((found) =>
      found.slice(1),
    );
    expect(bars).toEqual([
      ['none', '0.50', '1.00 KiB'],
      ['adafactor', '50.00', '100.0 KiB'],
      ['flora rank 8', '12.50', '25.0 KiB'],
      ['flora rank 64', '30.00', '60.0 KiB'],
      ['adamw', '100.00', '200.0 KiB'],
      ['none', '96.17', '4.88 MiB'],
      ['adafactor', '98.08', '4.98 MiB'],
      ['flora rank 8', '96.63', '4.91 MiB'],
      ['flora rank 64', '97.31', '4.94 MiB'],
      ['adamw', '100.00', '5.08 MiB'],
    ]);
  });
});

it('draws in the report of a run what its JSON says', async () => {
  const options = '--optimizer adafactor,flora --rank 2,4 --seeds 2 --json out.json'.split(' ');
  expect((await captured(cwd, ['train', '--data', 'text.txt', ...tinyTraining, ...options])).status).toBe(0);
  const { runs } = JSON.parse(readFileSync(join(cwd, 'out.json'), 'utf8')) as TrainOutput;
  const [chart] = read(readFileSync(join(cwd, 'report.html'), 'utf8')).charts as [Chart];
  expect(chart.series.map(({ values, mark }) => [values, mark])).toEqual(
    runs.map(({ trainLoss, validationLoss }) => [
      trainLoss.map((loss) => Number(loss.toPrecision(5))),
      { x: 4, y: validationLoss },
    ]),
  );
});
