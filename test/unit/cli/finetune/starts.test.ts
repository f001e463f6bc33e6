import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FineTuneOutput } from '../../../../src/cli/finetune/summary';
import { loadModel } from '../../../../src/cli/model-file';
import { type TextBatch, TextDataset } from '../../../../src/data/text-dataset';
import {
  adamw,
  alternateFactors,
  chain,
  crossEntropy,
  dora,
  type GradientTransform,
  goraStart,
  type LoraOptions,
  lora,
  loraGa,
  orthonormal,
  partition,
  pissa,
  preconditionUp,
  random,
  reLora,
  schedules,
  type Tensor,
  xgbLora,
} from '../../../../src/index';
import type { GPT } from '../../../../src/nn';
import { trainer } from '../../../../src/training';
import { captured, tinyTraining, workFolder, writeText } from '../captured';

// What `finetune` makes of DoRA, of starts and of stages is what a program with the library makes.

const cwd = workFolder();
writeText(cwd);
writeFileSync(join(cwd, 'other.txt'), 'pack my box with five dozen liquor jugs, über alles\n'.repeat(20));
const tiny = '--data other.txt --rank 2 --alpha 4 --steps 6 --stages 3 --batch 2 --seed 2 --threads 1'.split(' ');

beforeAll(async () => {
  const options = ['--data', 'text.txt', ...tinyTraining, '--optimizer', 'adamw', '--save', 'base.safetensors'];
  expect((await captured(cwd, ['train', ...options])).status).toBe(0);
});

type Loss = (batch: TextBatch) => Tensor;
const rate = (peak: number, steps = 6) => schedules.warmupCosine({ peak, warmup: 1, steps });
const decayed = (peak: number, steps = 6) => adamw({ learningRate: rate(peak, steps), weightDecay: 0 });
const common = { rank: 2, alpha: 4, match: 'blocks', seed: 2 };
const started =
  (peak: number, init: (gradients: { loss: Loss; batches: readonly TextBatch[] }) => LoraOptions['init']) =>
  (model: GPT, loss: Loss, batches: readonly TextBatch[]): GradientTransform<unknown> => {
    lora(model, { ...common, init: init({ loss, batches }) });
    return decayed(peak);
  };
const byHand: Record<string, (model: GPT, loss: Loss, batches: readonly TextBatch[]) => GradientTransform<unknown>> = {
  dora(model) {
    dora(model, common);
    return decayed(0.004);
  },
  pissa: started(0.002, () => pissa()),
  'lora-ga': started(0.002, (gradients) => loraGa(gradients)),
  gora: started(0.004, (gradients) => goraStart(gradients)),
  'orthonormal-lora': started(0.004, () => orthonormal()),
  'lora-fa'(model) {
    lora(model, { ...common, freezeA: true });
    return chain(preconditionUp({ scale: 2 }), decayed(0.004));
  },
  'ffa-lora'(model) {
    lora(model, { ...common, freezeA: true });
    return decayed(0.004);
  },
  'ro-lora'(model) {
    lora(model, common);
    const groups = { A: decayed(0.004, 3), rest: decayed(0.004, 3) };
    const parts = partition(groups, (path) => (path.endsWith('lora.A') ? 'A' : 'rest'));
    return chain(alternateFactors({ every: 2 }), parts);
  },
  're-lora'(model) {
    const wave = { peak: 0.004, steps: 6, warmup: 1, restartEvery: 2, restartWarmup: 1, to: 0.0004 };
    const inner = adamw({ learningRate: schedules.cosineWithRestarts(wave), weightDecay: 0 });
    return reLora(model, { ...common, stageSteps: 2, inner }).transform;
  },
  'xgb-lora': (model) =>
    xgbLora(model, { alpha: 2, match: 'blocks', seed: 2, stageSteps: 2, inner: decayed(0.004, 2) }).transform,
};

describe('floragrad finetune', () => {
  let runs: FineTuneOutput['runs'];
  beforeAll(async () => {
    const names = ['lora', ...Object.keys(byHand)].join(',');
    const { stdout } = await captured(cwd, ['finetune', 'base.safetensors', ...tiny, '--json', '-', '--method', names]);
    runs = (JSON.parse(stdout) as FineTuneOutput).runs;
  });
  const of = (name: string): FineTuneOutput['runs'][number] => {
    const found = runs.find(({ method }) => method === name);
    if (!found) throw new Error(`no run of ${name}`);
    return found;
  };

  it.each(Object.keys(byHand))('measures of %s what a program with the library measures', async (method) => {
    const { model, vocabulary } = await loadModel('base.safetensors', cwd);
    const { characters } = vocabulary;
    const text = Array.from(readFileSync(join(cwd, 'other.txt'), 'utf8'), (one) =>
      characters.includes(one) ? one : ' ',
    );
    const dataset = new TextDataset(
      Int32Array.from(text, (one) => characters.indexOf(one)),
      { batch: 2, context: 8 },
    );
    const key = random.fold(random.key(2), 'finetune');
    const loss: Loss = ({ ids, targets }) => crossEntropy(model.forward(ids), targets);
    const batches = Array.from({ length: 8 }, (_, i) => dataset.trainBatch(random.fold(key, 'start', i)));
    const transform = (byHand[method] as (typeof byHand)[string])(model, loss, batches);
    const training = trainer({ model, transform, loss, seed: 2 });
    const trainLoss: number[] = [];
    for (let step = 1; step <= 6; step++)
      trainLoss.push(await training.step(dataset.trainBatch(random.fold(key, 'batch', step))).loss);
    expect(of(method).trainLoss).toEqual(trainLoss);
  });

  it('starts all but GoRA from the function of the base, and every one learns', () => {
    for (const { method, startLoss, validationLoss } of runs) {
      if (method === 'gora') expect(startLoss).toBeLessThan(of('lora').startLoss);
      else expect(startLoss).toBeCloseTo(of('lora').startLoss, 4);
      expect(validationLoss, method).toBeLessThan(startLoss);
    }
  });

  it('counts what each trains, and the rank of the change', () => {
    const weights = [
      [24, 8],
      [8, 8],
      [32, 8],
      [8, 32],
    ] as const;
    const total = (count: (n: number, m: number) => number): number =>
      weights.reduce((sum, [n, m]) => sum + count(n, m), 0);
    const [pair, ups] = [total((n, m) => 2 * (n + m)), total((n) => 2 * n)];
    for (const name of ['pissa', 'lora-ga', 'gora', 'orthonormal-lora', 'ro-lora', 're-lora'])
      expect([name, of(name).trainable]).toEqual([name, pair]);
    for (const name of ['lora-fa', 'ffa-lora']) expect([name, of(name).trainable]).toEqual([name, ups]);
    expect(of('dora').trainable).toBe(pair + total((n) => n));
    expect(of('xgb-lora').trainable).toBe(pair / 2);
    expect(of('ffa-lora').updateRank).toBe(2);
    expect(of('xgb-lora').updateRank).toBe(3); // three rounds of rank 1
    expect(of('re-lora').updateRank).toBeGreaterThan(2);
  });

  it('names what has stages in its help', async () => {
    const { stdout } = await captured(cwd, ['finetune', '--help']);
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(/stages of plora, .*ro-lora, re-lora/);
  });
});
