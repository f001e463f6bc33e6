import { describe, expect, it } from 'vitest';
import { keepBest, logLines, sgd, tensor, fit as train } from '../../../src/index';
import { compareRuns, parseLog } from '../../../src/node';
import type { Chart } from '../../../src/report/page';

/** A log of a training whose loss is w², with the rate that it is told. */
async function logOf(name: string, { rate = 0.1, steps = 4, seed = 0, every = 1, validates = true } = {}) {
  const w = tensor([1]);
  let text = '';
  const log = logLines((more) => (text += more), { name, details: { rate, note: '<b>' }, every });
  await train({
    ...{ params: { w }, transform: sgd({ learningRate: rate }), loss: () => w.square().sum(), seed },
    ...{ data: [0, 0], steps, callbacks: [log, ...(validates ? [keepBest()] : [])] },
    ...(validates && { validate: () => w.square().item() }),
  });
  return text;
}

const read = (html: string) => ({
  charts: JSON.parse(
    /<script type="application\/json" id="charts">(.*?)<\/script>/s.exec(html)?.[1] ?? '[]',
  ) as Chart[],
  tables: [...html.matchAll(/<table>(.*?)<\/table>/gs)].map(([, table]) =>
    [...(table as string).matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) =>
      [...(row as string).matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/g)].map(([, cell]) => cell),
    ),
  ),
});

describe('parseLog', () => {
  it('reads what logLines wrote', async () => {
    const log = parseLog(await logOf('a', { rate: 0.25, steps: 3, seed: 5 }));
    expect(log).toMatchObject({ run: 'a', seed: 5, parameters: 1, details: { rate: 0.25 }, stopped: 'steps' });
    // w ← w − 2·0.25·w
    expect(log.steps.map(({ step, epoch, loss }) => [step, epoch, loss])).toEqual([
      [1, 1, 1],
      [2, 1, 0.25],
      [3, 2, 0.0625],
    ]);
    expect(log.reports.map(({ loss, validationLoss }) => [loss, validationLoss])).toEqual([
      [0.625, 0.0625],
      [0.0625, 0.015625],
    ]);
  });

  it('goes on after the checkpoint of a run that was resumed, and leaves out a line that was cut', async () => {
    const first = await logOf('a', { steps: 4 });
    const second = (await logOf('a', { steps: 4 }))
      .split('\n')
      .map((line) =>
        line.replace('"resumed":0', '"resumed":2').replace(/"step":(\d)/, (_, n) => `"step":${Number(n) + 2}`),
      )
      .join('\n');
    const cut = first.slice(0, first.lastIndexOf('{"stopped"') + 5);
    expect(parseLog(cut).stopped).toBe(null);
    const { steps, reports, stopped } = parseLog(`${cut.slice(0, cut.lastIndexOf('\n') + 1)}${second}`);
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(reports.map(({ step }) => step)).toEqual([2, 4, 6]);
    expect(stopped).toBe('steps');
  });

  it.each([
    ['', 1],
    ['{"step":1}\n', 1],
    ['{"run":"a","seed":0,"resumed":0,"parameters":1,"details":{}}\nnonsense\n', 2],
    [
      '{"run":"a","seed":0,"resumed":0,"parameters":1,"details":{}}\n{"step":1,"epoch":1,"seconds":0,"loss":"1","values":{}}\n',
      2,
    ],
    ['{"run":"a","seed":0,"resumed":0,"parameters":1,"details":{}}\n[]\n', 2],
  ])('refuses %j at its line', (text, line) => {
    expect(() => parseLog(text)).toThrow(`[log/line] parseLog got line ${line}: `);
  });
});

describe('compareRuns', () => {
  it('draws every run and says what it reached', async () => {
    const logs = [await logOf('slow', { rate: 0.125 }), await logOf('fast', { rate: 0.25, steps: 2, every: 2 })].map(
      parseLog,
    );
    const html = compareRuns(logs, { title: 'A < B' });
    expect(html).toContain('<title>A &lt; B</title>');
    const { charts, tables } = read(html);
    expect(charts.map(({ id, x, series }) => [id, x, series.map(({ label, values }) => [label, values])])).toEqual([
      [
        'loss',
        [1, 2, 3, 4],
        [
          ['slow', [1, 0.5625, 0.31641, 0.17798]],
          ['fast', [null, 0.25, null, null]],
        ],
      ],
      [
        'validation',
        [2, 4],
        [
          ['slow', [0.31641, 0.10011]],
          ['fast', [0.0625, null]],
        ],
      ],
    ]);
    expect(charts.map(({ log }) => log)).toEqual([false, false]);
    const steep = compareRuns([parseLog(await logOf('a', { rate: 0.4, steps: 3 }))]);
    expect(read(steep).charts[0]?.log).toBe(true); // from 1 to 0.0016
    const [results, settings] = tables;
    const heads = ['run', 'parameters', 'steps', 'training loss', 'best validation', 'at step'];
    expect(results?.[0]).toEqual([...heads, 'last validation', 'time', 'ended by']);
    const untimed = results?.slice(1).map((row) => row.filter((_, i) => i !== 7));
    expect(untimed).toEqual([
      ['slow', '1', '4', '0.2472', '0.1001', '4', '0.1001', 'steps'],
      ['fast', '1', '2', '0.6250', '0.06250', '2', '0.06250', 'steps'],
    ]);
    expect(settings).toEqual([
      ['run', 'rate', 'note'],
      ['slow', '0.125', '&lt;b&gt;'],
      ['fast', '0.25', '&lt;b&gt;'],
    ]);
  });

  it('tells runs of one name apart, and leaves out what no run has', async () => {
    const bare = { validates: false, steps: 1 };
    const texts = [
      await logOf('a', bare),
      await logOf('a', { ...bare, seed: 1 }),
      await logOf('a', { ...bare, seed: 1 }),
    ];
    const { charts, tables } = read(compareRuns(texts.map(parseLog)));
    expect(charts.map(({ id }) => id)).toEqual(['loss']);
    expect(charts[0]?.series.map(({ label }) => label)).toEqual(['a, seed 0', 'a, seed 1, 1', 'a, seed 1, 2']);
    expect(tables[0]?.[0]).toEqual(['run', 'parameters', 'steps', 'training loss', 'time', 'ended by']);
  });

  it('says the first best of several', () => {
    const head = '{"run":"a","seed":0,"resumed":0,"parameters":1,"details":{}}';
    const report = (step: number, loss: number) =>
      `{"report":true,"step":${step},"epoch":1,"loss":1,"validationLoss":${loss},"values":{},"seconds":0}`;
    const text = `${[head, report(1, 2), report(2, 1), report(3, 1), report(4, 3)].join('\n')}\n`;
    const [row] = read(compareRuns([parseLog(text)])).tables[0]?.slice(1) ?? [];
    expect(row?.slice(4, 7)).toEqual(['1.000', '2', '3.000']);
  });
});
