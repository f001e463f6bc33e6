import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { FineTuneOutput } from '../../../../src/cli/finetune/summary';
import { captured, tinyTraining, workFolder, writeText } from '../captured';

const cwd = workFolder();
writeText(cwd);
writeFileSync(join(cwd, 'other.txt'), 'pack my box with five dozen liquor jugs\n'.repeat(20));
const tiny = '--rank 2 --steps 4 --batch 2 --threads 1 --json -'.split(' ');
const run = async (...more: string[]): Promise<FineTuneOutput['runs']> => {
  const { stdout } = await captured(cwd, ['finetune', 'base.safetensors', '--data', 'other.txt', ...tiny, ...more]);
  return (JSON.parse(stdout) as FineTuneOutput).runs;
};

beforeAll(async () => {
  const options = ['--data', 'text.txt', ...tinyTraining, '--optimizer', 'adamw', '--save', 'base.safetensors'];
  expect((await captured(cwd, ['train', ...options])).status).toBe(0);
});

it('adapters with noise and penalties start as LoRA does, and train in ways of their own', async () => {
  const names = ['lora', 'geo-lora', 'flat-lora', 'rm-lora', 'imbalance-lora', 'pi-lora'];
  const runs = await run('--method', names.join(','), '--learning-rate', '0.01');
  expect(runs.map(({ method }) => method)).toEqual(names);
  expect(new Set(runs.map(({ startLoss }) => startLoss)).size).toBe(1);
  expect(new Set(runs.map(({ trainLoss }) => trainLoss.join())).size).toBe(names.length);
  const [lora, geo, ...others] = runs;
  for (const { trainable } of others) expect(trainable).toBe(lora?.trainable);
  expect(geo?.stateBytes).toBe(0);
});

it.each([
  ['geo-lora', '--alpha', '4'],
  ['geo-lora', '--rank', '3'],
  ['geo-lora', '--seed', '5'],
  ['flat-lora', '--alpha', '4'],
  ['flat-lora', '--seed', '5'],
  ['rm-lora', '--seed', '5'],
])('%s with %s %s is another run than without', async (method, option, value) => {
  const [plain, changed] = [await run('--method', method), await run('--method', method, option, value)];
  expect(changed[0]?.trainLoss).not.toEqual(plain[0]?.trainLoss);
});
