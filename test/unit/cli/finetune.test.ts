import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FineTuneOutput } from '../../../src/cli/finetune-summary';
import { captured, tinyTraining, workFolder, writeText } from './captured';

const cwd = workFolder();
writeText(cwd);
writeFileSync(join(cwd, 'other.txt'), 'pack my box with five dozen liquor jugs, über alles\n'.repeat(20));
const methods = 'full,lora,plora,lors,flora,sqft,sp-lora,spp';
const tiny = '--rank 2 --steps 6 --stages 3 --batch 2 --threads 1'.split(' ');
const finetune = (...more: string[]) => captured(cwd, ['finetune', 'base.safetensors', '--data', 'other.txt', ...more]);
const run = async (...more: string[]): Promise<FineTuneOutput> => {
  const { stdout, stderr } = await finetune(...tiny, '--json', '-', ...more);
  expect(stderr).not.toMatch(/floragrad: /);
  return JSON.parse(stdout) as FineTuneOutput;
};

beforeAll(async () => {
  const options = ['--data', 'text.txt', ...tinyTraining, '--optimizer', 'adamw', '--save', 'base.safetensors'];
  expect((await captured(cwd, ['train', ...options])).status).toBe(0);
});

describe('floragrad finetune', () => {
  it('compares methods from one start on the same batches', async () => {
    const { runs, replaced } = await run('--method', methods);
    expect(replaced).toBe(20 * 2); // a comma and an umlaut a line
    const of = (name: string) => {
      const found = runs.find(({ method }) => method === name);
      if (!found) throw new Error(`no run of ${name}`);
      return found;
    };
    const dense = ['full', 'lora', 'plora', 'flora'].map(of);
    const sparse = ['lors', 'sqft', 'sp-lora', 'spp'].map(of);
    expect(new Set(dense.map(({ startLoss }) => startLoss)).size).toBe(1);
    for (const { startLoss } of sparse) expect(startLoss).toBeCloseTo(sparse[0]?.startLoss as number, 5);
    for (const result of dense) expect([result.sparsityBefore, result.sparsityAfter]).toEqual([0, 0]);
    for (const result of sparse) expect([result.sparsityBefore, result.sparsityAfter]).toEqual([0.5, 0.5]);
    for (const { trainLoss } of runs) expect(trainLoss.length).toBe(6);
    const blockWeights = 8 * (24 + 8 + 32 + 32);
    const factors = 2 * (24 + 8 + (8 + 8) + (32 + 8) + (8 + 32));
    expect(of('lora').trainable).toBe(factors);
    expect(of('plora').trainable).toBe(factors);
    expect(of('lors').trainable).toBe(factors);
    expect(of('full').trainable).toBeGreaterThan(blockWeights);
    expect(of('lora').stateBytes).toBe(2 * 4 * factors);
    expect(of('plora').stateBytes).toBe(2 * 4 * factors);
    expect(of('lora').updateRank).toBe(2);
    expect(of('plora').updateRank).toBe(6); // three stages of rank 2
    expect(of('full').updateRank).toBe(8);
  });

  it('repeats itself for the same seed, and differs for another', async () => {
    const numbers = ({ runs }: FineTuneOutput): unknown =>
      runs.map(({ seed, trainLoss, validationLoss }) => [seed, trainLoss, validationLoss]);
    const two = await run('--method', 'lora,plora', '--seeds', '2');
    expect(numbers(await run('--method', 'lora,plora', '--seeds', '2'))).toEqual(numbers(two));
    const [first, , second] = two.runs;
    expect([first?.seed, second?.seed]).toEqual([0, 1]);
    expect(first?.trainLoss).not.toEqual(second?.trainLoss);
  });

  it('writes a table and a report', async () => {
    const { stdout, status } = await finetune(...tiny, '--method', 'lora,lors', '--report', 'ft.html');
    expect(status).toBe(0);
    expect(stdout).toMatch(/lors .*50\.0 % → 50\.0 %/);
    expect(existsSync(join(cwd, 'ft.html'))).toBe(true);
    expect(readFileSync(join(cwd, 'ft.html'), 'utf8')).toMatch(/Ways to fine-tune compared[\s\S]*Repeat this/);
  });

  it.each([
    [2, /cli\/base/, ['finetune']],
    [2, /cli\/base/, ['finetune', '--data', 'other.txt']],
    [2, /cli\/choice/, ['finetune', 'base.safetensors', '--method', 'lorra']],
    [2, /cli\/number/, ['finetune', 'base.safetensors', '--sparsity', '1']],
    [1, /file\/read/, ['finetune', 'none.safetensors', '--data', 'other.txt']],
    [1, /safetensors\//, ['finetune', 'other.txt', '--data', 'other.txt']],
  ])('ends with %s and %s for %j', async (status, message, argv) => {
    const result = await captured(cwd, argv);
    expect(result.status).toBe(status);
    expect(result.stderr).toMatch(message);
  });

  it('has a help', async () => {
    expect((await captured(cwd, ['finetune', '--help'])).stdout).toMatch(/--sparsity X/);
  });
});
