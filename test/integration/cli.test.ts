import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TrainOutput } from '../../src/cli/train/output';
import type { ProjectionErrorRow } from '../../src/study';
import { captured, tinyTraining, workFolder, writeText } from '../unit/cli/captured';

const cwd = workFolder();
writeText(cwd);
const train = ['train', '--data', 'text.txt', ...tinyTraining];
const read = (name: string): string => readFileSync(join(cwd, name), 'utf8');

test('train writes a table, a report and numbers that agree', async () => {
  const argv = [...train, '--optimizer', 'adafactor,flora', '--rank', '2,4', '--seeds', '2', '--json', 'out.json'];
  const { status, stdout, stderr } = await captured(cwd, argv);
  expect([status, stderr]).toEqual([0, '']);
  const output = JSON.parse(read('out.json')) as TrainOutput;
  expect(output.runs.map(({ optimizer, rank, seed }) => [optimizer, rank, seed])).toEqual([
    ['adafactor', null, 0],
    ['flora', 2, 0],
    ['flora', 4, 0],
    ['adafactor', null, 1],
    ['flora', 2, 1],
    ['flora', 4, 1],
  ]);
  for (const run of output.runs) {
    expect(run.trainLoss.length).toBe(4);
    expect(run.validationLoss).toBeGreaterThan(0);
    expect(run.peakBytes).toBeGreaterThan(run.stateBytes);
  }
  const [dense, small, large] = output.runs.map((run) => run.stateBytes) as [number, number, number];
  expect(small).toBeLessThan(large);
  expect(large).toBeLessThan(dense);
  expect([...output.sample].length).toBe(12);
  expect(stdout).toContain('validation loss');
  expect(stdout).toMatch(/Text written by .*, seed [01], which has the lowest loss/);
  const page = read('report.html');
  expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
  expect(page).toContain(output.runs[0]?.trainLoss[0]?.toPrecision(5));
});

test('--profile shows where the steps of each run went', async () => {
  const argv = [...train, '--optimizer', 'adafactor,flora', '--profile', '--json', '-'];
  const { status, stdout, stderr } = await captured(cwd, argv);
  expect(status).toBe(0);
  const { runs } = JSON.parse(stdout) as TrainOutput;
  for (const { profile } of runs) {
    expect(profile?.steps).toBe(1); // of four, the first three warm up
    expect(profile?.rows.reduce((sum, { seconds }) => sum + seconds, 0)).toBeCloseTo(profile?.seconds ?? 0, 12);
    expect(profile?.rows.find(({ op, phase }) => op === 'gelu' && phase === 'backward')?.calls).toBe(1);
    expect(new Set(profile?.rows.map(({ phase }) => phase))).toEqual(new Set(['forward', 'backward', 'optimizer']));
  }
  expect(stderr).toMatch(/op +phase +ms +share +calls +memory/);
  expect(stderr).toMatch(/\d+\.\d ms a step: forward .* %, backward .* %, optimizer .* %; mean of 1/);
  const plain = JSON.parse(
    (
      await captured(
        cwd,
        argv.filter((word) => word !== '--profile'),
      )
    ).stdout,
  ) as TrainOutput;
  expect(plain.runs.map(({ trainLoss }) => trainLoss)).toEqual(runs.map(({ trainLoss }) => trainLoss));
  expect(plain.runs[0]).not.toHaveProperty('profile');
});

test('every optimizer starts from the same loss, and a seed repeats a run', async () => {
  const argv = [...train, '--optimizer', 'flora,adafactor,adamw,adam,sgd', '--json', '-', '--seed', '3'];
  const [first, second] = [await captured(cwd, argv), await captured(cwd, argv)];
  const runs = [first, second].map(({ stdout }) => (JSON.parse(stdout) as TrainOutput).runs);
  const losses = runs.map((list) => list.map((run) => [run.trainLoss, run.validationLoss]));
  expect(losses[0]).toEqual(losses[1]);
  expect(new Set(runs[0]?.map((run) => run.trainLoss[0])).size).toBe(1);
  expect(first.stderr).toContain('validation loss'); // the words go where the JSON does not
});

test('a report asks the network for nothing and escapes what users name', async () => {
  const name = '<b>&"x.html';
  expect((await captured(cwd, [...train, '--optimizer', 'adafactor', '--report', name])).status).toBe(0);
  const page = read(name);
  expect(page).toContain('--report &#39;&lt;b&gt;&amp;&quot;x.html&#39;');
  expect(page).not.toContain('<b>');
  expect(page).not.toMatch(/(src|href)="(?!data:)/);
});

test('study compares measurement with theory', async () => {
  const argv = [
    'study',
    '--shape',
    '16x32',
    '--rank',
    '2,16',
    '--trials',
    '400',
    '--json',
    '-',
    '--report',
    'study.html',
  ];
  const { status, stdout, stderr } = await captured(cwd, argv);
  expect(status).toBe(0);
  const { rows } = JSON.parse(stdout) as { rows: ProjectionErrorRow[] };
  expect(rows.length).toBe(8);
  expect(stderr).not.toContain('BIASED');
  expect(existsSync(join(cwd, 'study.html'))).toBe(true);
});

test('info says what runs', async () => {
  const { status, stdout } = await captured(cwd, ['info', '--json', '-']);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ node: process.version, backend: { backend: 'wasm' } });
});
