import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Chart } from '../../../../src/cli/report/page';
import { refreshPage } from '../../../../src/cli/report/refresh-page';
import { curvesOf, refreshColumns } from '../../../../src/cli/study/refresh-summary';
import { projectors } from '../../../../src/index';
import { type RefreshRow, refreshTable } from '../../../../src/study';
import { captured, workFolder } from '../captured';

const cwd = workFolder();
const study = (...more: string[]) => captured(cwd, ['study', 'refresh', ...more]);
const chartsOf = (page: string): Chart[] =>
  JSON.parse(/<script type="application\/json" id="charts">(.*?)<\/script>/s.exec(page)?.[1] ?? '[]') as Chart[];

describe('floragrad study refresh', () => {
  const small = '--rank 2,1 --every 5,never --on-refresh reset,keep --dimension 6 --steps 30 --seeds 2'.split(' ');
  const options = {
    ranks: [2, 1],
    intervals: [5, Infinity],
    policies: ['reset', 'keep'] as ('reset' | 'keep')[],
    dimension: 6,
    steps: 30,
    seeds: 2,
  };

  it('writes what the library measures with the same options, and draws it', async () => {
    const more = '--seed 4 --momentum 0.5 --projector haar --json - --report r.html'.split(' ');
    const { status, stdout, stderr } = await study(...small, ...more);
    expect(status).toBe(0);
    const rows = JSON.parse(stdout) as RefreshRow[];
    const expected = await refreshTable({ ...options, seed: 4, decay: 0.5, projector: projectors.haar as never });
    expect(rows).toEqual(expected);
    const page = readFileSync(join(cwd, 'r.html'), 'utf8');
    const left = (rank: number, onRefresh: string, every: number | 'never') =>
      rows.find((row) => row.rank === rank && row.onRefresh === onRefresh && row.refreshEvery === every)?.error;
    expect(chartsOf(page).map(({ id, x, series, levels }) => ({ id, x, series, levels }))).toEqual(
      [2, 1].map((rank) => ({
        id: `refresh-${rank}`,
        x: [5],
        series: ['reset', 'keep'].map((policy, i) => ({ label: policy, colour: i, values: [left(rank, policy, 5)] })),
        levels: [{ label: 'never', y: left(rank, 'reset', 'never') }],
      })),
    );
    expect(stderr).toMatch(/rank {2}momentum +every 5 +never/);
    // Each option is worth something: without it the numbers are others.
    for (const name of ['seed', 'momentum', 'projector']) {
      const at = more.indexOf(`--${name}`);
      const rest = [...more.slice(0, at), ...more.slice(at + 2)].slice(0, -2); // nor a report
      expect(JSON.parse((await study(...small, ...rest)).stdout), name).not.toEqual(rows);
    }
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
    const columns = refreshColumns(rows);
    expect(columns.map(({ heading }) => heading)).toEqual(['rank', 'momentum', 'every 20', 'never']);
    expect(curvesOf(rows).map((curve) => columns.map(({ cell }) => cell(curve)))).toEqual([
      ['2', 'reset', '0.25', '0.5'],
      ['2', 'keep', 'diverged', '0.5'],
    ]);
    const [chart] = chartsOf(refreshPage(rows, 'floragrad study refresh'));
    expect(chart?.series.map(({ values }) => values)).toEqual([[0.25], [null]]);
  });

  it('is a question beside the error, which is asked where none is named', async () => {
    expect((await study('--help')).stdout).toMatch(/^floragrad study refresh: does a new projection help/);
    const plain = (await captured(cwd, ['study', '--help'])).stdout;
    expect((await captured(cwd, ['study', 'error', '--help'])).stdout).toBe(plain);
    expect(plain).toContain('floragrad study refresh');
  });

  it.each([
    [['--every', '0'], /cli\/number.*or never/],
    [['--every', 'often'], /cli\/number/],
    [['--on-refresh', 'hold'], /cli\/choice/],
    [['--dimension', '3', '--rank', '4'], /cli\/rank/],
  ])('refuses %j', async (more, message) => {
    expect(await study(...more)).toMatchObject({ status: 2, stderr: expect.stringMatching(message) });
  });
});
