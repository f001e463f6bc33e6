import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { type MethodName, methods } from '../../../../src/cli/finetune/methods';
import type { FineTuneOutput } from '../../../../src/cli/finetune/summary';
import { type GradientTransform, ones, random } from '../../../../src/index';
import { GPT } from '../../../../src/nn';
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

/** A model that a row has made ready, and the row's transform. */
function prepared(method: MethodName, seed: number): { model: GPT; transform: GradientTransform<unknown> } {
  const model = new GPT({ vocabularySize: 11, context: 6, width: 8, heads: 2, layers: 1, key: random.key(0) });
  const settings = { rank: 2, alpha: 2, sparsity: 0, steps: 4, stages: 1, learningRate: 0.1, seed, batches: [] };
  return { model, transform: methods[method].prepare(model, settings) as GradientTransform<unknown> };
}

it.each(['geo-lora', 'flat-lora'] as const)('%s draws first values from the seed of the run', (method) => {
  const drawn = (seed: number): number[] =>
    Object.values(prepared(method, seed).model.parameters({ trainable: true })).flatMap((t) => [...t.dataSync()]);
  expect(drawn(3)).not.toEqual(drawn(0));
  expect(drawn(3)).toEqual(drawn(3));
});

it('rm-lora draws its masks from the seed of the run', () => {
  // The rate starts at 0. Of gradients of ones, Adam's second step is 0 where both masks are, and nowhere else.
  const masked = (seed: number): boolean[] => {
    const { model, transform } = prepared('rm-lora', seed);
    const ofB = Object.entries(model.parameters({ trainable: true })).filter(([path]) => path.endsWith('.lora.B'));
    const grads = Object.fromEntries(ofB.map(([path, { shape }]) => [path, ones(shape)]));
    const state = transform.init(model.parameters({ trainable: true }));
    const [, next] = transform.update(grads, state, model.parameters());
    const [updates] = transform.update(grads, next, model.parameters());
    return Object.values(updates).flatMap((t) => Array.from(t.dataSync(), (x) => x === 0));
  };
  const zeros = masked(3);
  expect(zeros.length).toBeGreaterThan(100);
  expect(new Set(zeros).size).toBe(2);
  expect(masked(3)).toEqual(zeros);
  expect(masked(0)).not.toEqual(zeros);
});
