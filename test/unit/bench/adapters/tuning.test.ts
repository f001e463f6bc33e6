import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Setting, setting as usual } from '../../../../bench/adapters/setting';
import { type Tuning, tune, writeBase } from '../../../../bench/adapters/tuning';
import { baseOf, fineTune } from '../../../../src/cli/finetune/run';
import { TextDataset } from '../../../../src/data/text-dataset';
import { decodeGPT, sizesOf } from '../../../../src/io/gpt';
import { namedText } from '../../../../src/node/corpus';

const setting: Setting = {
  ...usual,
  base: { width: 8, context: 8, steps: 3, batch: 2, rate: 0.01, seed: 0 },
  validation: 64,
  scale: 3,
  stages: 2,
  tasks: usual.tasks.map((task) => ({ ...task, steps: 4, batch: 2 })),
};

let folder: string;
let base: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'floragrad-'));
  base = join(folder, 'base.safetensors');
  await writeBase(base, setting.base);
});
afterAll(() => rmSync(folder, { recursive: true }));

test('the base is the same whenever it is trained', async () => {
  const again = join(folder, 'again.safetensors');
  await writeBase(again, setting.base);
  expect(readFileSync(again).equals(readFileSync(base))).toBe(true);
});

test('a run is one of the command, on the text of the task', async () => {
  const task = setting.tasks[0] as Setting['tasks'][number];
  const job: Tuning = { base, task: task.name, method: 'plora', rank: 2, rate: 0.05, seed: 7 };
  const found = await tune(job, setting);
  const { model, vocabulary } = await decodeGPT(readFileSync(base));
  const text = task.make(await namedText('moby-dick', process.cwd(), 'this test'));
  const dataset = new TextDataset(vocabulary.encode(text), { batch: 2, context: 8, validationBatches: 4 });
  const settings = { rank: 2, alpha: 6, sparsity: 0.5, stages: 2, steps: 4, learningRate: 0.05 };
  const by = await fineTune(
    { method: 'plora', seed: 7 },
    settings,
    await baseOf(model, sizesOf(model)),
    dataset,
    () => {},
  );
  expect(found).toEqual({
    startLoss: by.startLoss,
    validationLoss: by.validationLoss,
    trainable: by.trainable,
    stateBytes: by.stateBytes,
    mergeable: true,
    updateRank: 4,
  });
});

test('what is not trained stays as it is, and what diverges is no error', async () => {
  const { name } = setting.tasks[0] as Setting['tasks'][number];
  const still = await tune({ base, task: name, method: 'none', rank: 2, rate: null, seed: 0 }, setting);
  expect(still?.validationLoss).toBe(still?.startLoss);
  expect(await tune({ base, task: name, method: 'full', rank: 2, rate: 1e30, seed: 0 }, setting)).toBeNull();
});
