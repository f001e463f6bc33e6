import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type MethodName, methods } from '../../../../src/cli/finetune/methods';
import type { FineTuneOutput } from '../../../../src/cli/finetune/summary';
import { random, tensor, valueAndGrad } from '../../../../src/index';
import { GPT } from '../../../../src/nn';
import { captured, tinyTraining, workFolder, writeText } from '../captured';

const cwd = workFolder();
writeText(cwd);
writeFileSync(join(cwd, 'other.txt'), 'pack my box with five dozen liquor jugs, über alles\n'.repeat(20));
const tiny = '--rank 2 --steps 6 --batch 2 --threads 1'.split(' ');
const run = async (...more: string[]): Promise<FineTuneOutput['runs']> => {
  const argv = ['finetune', 'base.safetensors', '--data', 'other.txt', ...tiny, '--json', '-', ...more];
  const { stdout, stderr } = await captured(cwd, argv);
  expect(stderr).not.toMatch(/floragrad: /);
  return (JSON.parse(stdout) as FineTuneOutput).runs;
};

beforeAll(async () => {
  const options = ['--data', 'text.txt', ...tinyTraining, '--optimizer', 'adamw', '--save', 'base.safetensors'];
  expect((await captured(cwd, ['train', ...options])).status).toBe(0);
});

describe('floragrad finetune with square matrices, shared and nested factors', () => {
  it('trains each from the function of the base, with the numbers that its sizes come to', async () => {
    const runs = await run('--method', 'lora,mora,vera,vector-fit,lora-mini,nora');
    const [lora, ...others] = runs as [FineTuneOutput['runs'][number], ...FineTuneOutput['runs']];
    for (const { method, startLoss, validationLoss, trainable, stateBytes } of others) {
      expect(startLoss, method).toBeCloseTo(lora.startLoss, 5);
      expect(validationLoss, method).toBeLessThan(startLoss);
      expect(stateBytes, method).toBe(2 * 4 * trainable);
    }
    // Weights [24, 8], [8, 8], [32, 8] and [8, 32]; rank 2.
    expect(Object.fromEntries(runs.map(({ method, trainable }) => [method, trainable]))).toMatchObject({
      mora: 8 ** 2 + 6 ** 2 + 8 ** 2 + 8 ** 2, // √(2·32), √(2·16) and √(2·40), even
      vera: 24 + 8 + 32 + 8 + 4 * 2,
      'vector-fit': 4 * 8,
      'lora-mini': 4 * 2 * (8 + 8),
      nora: 4 * (2 * 4 * 2 + 2),
    });
    const ranks = Object.fromEntries(runs.map(({ method, updateRank }) => [method, updateRank]));
    expect(ranks).toMatchObject({ vera: 2, 'lora-mini': 2, nora: 2 });
    expect(ranks.mora).toBeGreaterThan(4);
  });

  it('draws from the seed of the run', () => {
    const startOf = (method: MethodName, seed: number): number[] => {
      const model = new GPT({ vocabularySize: 11, context: 6, width: 8, heads: 2, layers: 1, key: random.key(0) });
      const settings = { rank: 2, alpha: 2, sparsity: 0, steps: 4, stages: 1, learningRate: 0.1, seed, batches: [] };
      methods[method].prepare(model, settings);
      const ids = tensor([[1, 4, 10, 2]], { dtype: 'int32' });
      const { grads } = valueAndGrad(() => model.forward(ids).square().mean(), model.parameters({ trainable: true }));
      return Object.values(grads).flatMap((g) => Array.from(g.dataSync()));
    };
    for (const method of ['vera', 'lora-mini', 'nora'] as const)
      expect(startOf(method, 3), method).not.toEqual(startOf(method, 0));
    for (const method of ['mora', 'vector-fit'] as const)
      expect(startOf(method, 3), method).toEqual(startOf(method, 0));
  });

  it.each([
    ['lora-mini', '--alpha', '5'],
    ['nora', '--alpha', '5'],
    ['mora', '--rank', '3'],
  ])('%s with %s %s is another run than without', async (method, option, value) => {
    const [changed, plain] = [await run('--method', method, option, value), await run('--method', method)];
    expect(changed[0]?.trainLoss).not.toEqual(plain[0]?.trainLoss);
  });
});
