import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { addAdapter, saveAdapter } from '../../../../src/cli/adapter-file';
import { adapterMethods, type MethodName } from '../../../../src/cli/finetune/methods';
import { baseOf, fineTune } from '../../../../src/cli/finetune/run';
import { TextDataset } from '../../../../src/data/text-dataset';
import { adaptersOf, type LowRankAdapter, random, type Tensor, tensor } from '../../../../src/index';
import { GPT } from '../../../../src/nn';

const sizes = { vocabularySize: 11, context: 8, width: 16, heads: 2, layers: 1 };
const base = (): GPT => new GPT({ ...sizes, key: random.key(1) });
const dataset = new TextDataset(
  Int32Array.from({ length: 400 }, (_, i) => (i * i) % 11),
  { batch: 2, context: 8, validationBatches: 2 },
);
const settings = { rank: 2, alpha: 3, sparsity: 0.5, stages: 2, steps: 5, learningRate: 0.05 };
const outputOf = (model: GPT): number[] =>
  Array.from((model.forward(tensor([[1, 4, 10, 2]], { dtype: 'int32' })) as Tensor).dataSync());

const folder = mkdtempSync(join(tmpdir(), 'floragrad-kept-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What has no place in PEFT's format. */
const general = ['mora', 'vector-fit', 'lora-mini', 'nora', 'lily', 'auro-ra', 'geo-lora'];

it.each(adapterMethods)('what %s has learned is an adapter that makes the tuned model of the base', async (method) => {
  const place = join(folder, method);
  let tuned: number[] = [];
  const keep = async (model: GPT): Promise<void> => {
    tuned = outputOf(model);
    await saveAdapter(place, model, 'base.safetensors');
  };
  const plan = { method: method as MethodName, seed: 3 };
  await fineTune(plan, settings, await baseOf(base(), sizes), dataset, () => {}, { asWeights: false, keep });
  expect(existsSync(join(place, 'adapters.safetensors'))).toBe(general.includes(method));
  const model = base();
  const before = outputOf(model);
  await addAdapter(model, place, '.');
  // Both are the base with one change merged into each weight, or the very adapter beside it.
  const size = Math.max(...tuned.map(Math.abs));
  outputOf(model).forEach((y, i) => {
    expect(Math.abs(y - (tuned[i] as number))).toBeLessThanOrEqual(32 * 2 ** -24 * size);
  });
  expect(Math.max(...tuned.map((y, i) => Math.abs(y - (before[i] as number))))).toBeGreaterThan(1e-3 * size);
});

it('para: as many components in the mean as the rank says, of twice as many that were trained', async () => {
  let ranks: number[] = [];
  const keep = async (model: GPT): Promise<void> => {
    ranks = adaptersOf(model).map(({ adapter }) => (adapter as LowRankAdapter).rank);
  };
  const kept = { asWeights: true, keep };
  const plan = { method: 'para', seed: 3 } as const;
  const run = await fineTune(plan, settings, await baseOf(base(), sizes), dataset, () => {}, kept);
  expect(run.trainable).toBe(2 * 2 * (48 + 16 + 16 + 16 + 64 + 16 + 16 + 64));
  expect(ranks.reduce((sum, rank) => sum + rank, 0)).toBe(2 * 4);
});

it('weights cannot hold what is no change of one, which is said before the first step', async () => {
  const keep = async (): Promise<void> => {};
  const tuning = async (): Promise<unknown> =>
    fineTune(
      { method: 'auro-ra', seed: 0 },
      settings,
      await baseOf(base(), sizes),
      dataset,
      () => expect.unreachable(),
      {
        asWeights: true,
        keep,
      },
    );
  await expect(tuning()).rejects.toThrow(/cli\/save.*auro-ra, whose adapters are no change of a weight/);
});
