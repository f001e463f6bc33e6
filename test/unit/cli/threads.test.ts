import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { grain } from '../../../src/backend/wasm/device';
import type { TrainOutput } from '../../../src/cli/train/output';
import { setThreads } from '../../../src/index';
import { captured, tinyTraining, workFolder, writeText } from './captured';

const cwd = workFolder();
writeText(cwd);
const usual = { ...grain };
grain.least = 0; // the model is tiny, and is to be split nevertheless
afterAll(async () => {
  grain.least = usual.least;
  await setThreads(1);
});
const cores = Math.min(64, availableParallelism());

async function train(...more: string[]): Promise<{ shown: string; output: TrainOutput }> {
  const { status, stdout, stderr } = await captured(cwd, [
    ...['train', '--data', 'text.txt', ...tinyTraining, '--optimizer', 'flora', '--json', 'out.json'],
    ...more,
  ]);
  expect([status, stderr.includes('floragrad:')]).toEqual([0, false]);
  return { shown: stdout, output: JSON.parse(readFileSync(join(cwd, 'out.json'), 'utf8')) as TrainOutput };
}

describe('--threads', () => {
  it('of train is shown, in the JSON too, and changes no number', async () => {
    const [one, three] = [await train('--threads', '1'), await train('--threads=3')];
    for (const [threads, { shown, output }] of [
      [1, one],
      [3, three],
    ] as const) {
      expect(shown).toMatch(new RegExp(`backend .*threads ${threads}\n`));
      expect(output.backend.threads).toBe(threads);
    }
    expect(three.output.runs[0]?.trainLoss).toEqual(one.output.runs[0]?.trainLoss);
    expect(three.output.runs[0]?.validationLoss).toBe(one.output.runs[0]?.validationLoss);
    expect(three.output.sample).toBe(one.output.sample);
  });
  it('is one for each core by default', async () => {
    expect((await train()).output.backend.threads).toBe(cores);
  });
  it('of study is shown and changes no number', async () => {
    const study = async (threads: string): Promise<{ rows: unknown; stderr: string }> => {
      const argv = ['study', '--shape', '8x16', '--rank', '2', '--trials', '200', '--json', '-', '--threads', threads];
      const { status, stdout, stderr } = await captured(cwd, argv);
      expect(status).toBe(0);
      expect(stderr).toContain(`threads ${threads}\n`);
      return { rows: JSON.parse(stdout), stderr };
    };
    expect((await study('3')).rows).toEqual((await study('1')).rows);
  });
  it('info says how many cores there are and that threads work', async () => {
    const { stdout } = await captured(cwd, ['info', '--json', '-']);
    const facts = JSON.parse(stdout) as { cores: number; backend: { threads: number } };
    expect([facts.cores, facts.backend.threads]).toEqual([availableParallelism(), cores]);
  });
});
