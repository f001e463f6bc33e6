import { describe, expect, it } from 'vitest';
import { GatedLora } from '../../../../src/adapters/methods/gated-lora';
import { adapterMethods, type MethodName, methods, usualMethods } from '../../../../src/cli/finetune/methods';
import { TextDataset } from '../../../../src/data/text-dataset';
import {
  adaptersOf,
  compact,
  crossEntropy,
  LowRankAdapter,
  linalg,
  random,
  type Tensor,
  tensor,
} from '../../../../src/index';
import { GPT } from '../../../../src/nn';
import { trainer } from '../../../../src/training';
import { numbers } from '../../adapters/cases';

const tokens = Int32Array.from({ length: 400 }, (_, i) => (i * i + (i >> 2)) % 7);
const dataset = new TextDataset(tokens, { batch: 2, context: 8 });
const made = () => new GPT({ vocabularySize: 7, context: 8, width: 8, heads: 2, layers: 2, key: random.key(0) });
const settings = {
  rank: 2,
  alpha: 4,
  sparsity: 0.5,
  steps: 5,
  stages: 1,
  learningRate: 0.01,
  seed: 3,
  batches: [1, 2, 3].map((i) => dataset.trainBatch(random.key(i))),
};

/** A model that a row has made ready and trained for all its steps, and what it was. */
function trained(name: MethodName) {
  const model = made();
  const before = Object.fromEntries(Object.entries(model.parameters()).map(([path, t]) => [path, numbers(t)]));
  const prepared = methods[name].prepare(model, settings);
  if (!prepared) throw new Error(`${name} trains nothing`);
  const found = adaptersOf(model);
  const start = numbers(model.forward(settings.batches[0]?.ids as Tensor));
  const loss = (batch: (typeof settings.batches)[number]) => crossEntropy(model.forward(batch.ids), batch.targets);
  const training = trainer({ model, ...('update' in prepared ? { transform: prepared } : prepared), loss, seed: 0 });
  for (let step = 0; step < settings.steps; step++) training.step(dataset.trainBatch(random.key(10 + step)));
  return { model, before, start, found, output: numbers(made().forward(settings.batches[0]?.ids as Tensor)) };
}

const ranksOf = ({ found }: ReturnType<typeof trained>): number[] =>
  found.map(({ adapter }) => (adapter instanceof GatedLora || adapter instanceof LowRankAdapter ? adapter.rank : 0));
/** out + in of the four weights of a block of width 8. */
const features = [8 + 24, 8 + 8, 8 + 32, 32 + 8];

describe('finetune, the methods whose ranks differ', () => {
  it('are compared where they are asked for, and say which adapters can be saved alone', () => {
    const names = ['sora', 'ada-lora', 'ge-lora', 'gora-ranks', 'we-lore'] as const;
    for (const name of names) expect(usualMethods).not.toContain(name);
    expect(names.filter((name) => adapterMethods.includes(name))).toEqual([
      'sora',
      'ada-lora',
      'ge-lora',
      'gora-ranks',
    ]);
  });

  it('sora: twice the rank at the scale of LoRA, with gates that a step closes', () => {
    const run = trained('sora');
    expect(ranksOf(run)).toEqual(Array(8).fill(4));
    for (const { adapter } of run.found) expect((adapter as GatedLora).scale).toBe(2);
    expect(run.start).toEqual(run.output);
  });

  it('ada-lora: half more than the rank, of which the rank is left', async () => {
    const run = trained('ada-lora');
    expect(ranksOf(run)).toEqual(Array(8).fill(3));
    expect(run.start).toEqual(run.output);
    await compact(run.model);
    const left = adaptersOf(run.model).reduce((sum, { adapter }) => sum + (adapter as GatedLora).rank, 0);
    expect(left).toBe(2 * 8);
  });

  it('ge-lora: a rank for each block, at scale 1', () => {
    const run = trained('ge-lora');
    const ranks = ranksOf(run);
    expect(new Set(ranks.slice(0, 4)).size).toBe(1);
    expect(new Set(ranks.slice(4)).size).toBe(1);
    expect(ranks.length).toBe(8);
    for (const { adapter } of run.found) expect((adapter as LowRankAdapter).scale).toBe(1);
  });

  it('gora-ranks: as many numbers as LoRA at the rank, or a few less', () => {
    const ranks = ranksOf(trained('gora-ranks'));
    const all = [...features, ...features];
    const count = (of: readonly number[]): number => of.reduce((sum, r, i) => sum + r * (all[i] as number), 0);
    const most = count(Array(8).fill(2));
    // Each share loses less than a component to the division, and may have got one from the least rank.
    expect(Math.abs(count(ranks) - most)).toBeLessThan(count(Array(8).fill(1)));
    expect(new Set(ranks).size).toBeGreaterThan(1);
  });

  it('we-lore: half of the singular values, and nothing beside them', () => {
    const { model, before, found } = trained('we-lore');
    expect(found.length).toBeGreaterThan(0);
    for (const { path, layer, adapter } of found) {
      expect(
        numbers(layer.weight).every((w) => Math.abs(w) === 0),
        path,
      ).toBe(true);
      expect((adapter as LowRankAdapter).rank).toBeLessThanOrEqual(Math.min(...layer.weight.shape) / 2);
    }
    // Before any step, the factors are the leading part of the weight.
    const fresh = made();
    methods['we-lore'].prepare(fresh, settings);
    const [first] = adaptersOf(fresh);
    const { path, layer, adapter } = first as (typeof found)[number];
    const weight = tensorOf(before[`${path}.weight`] as number[], layer.weight);
    const { u, s, vt } = linalg.svd(weight, { rank: (adapter as LowRankAdapter).rank });
    const part = numbers(u.mul(s).matmul(vt));
    const change = numbers((adapter as LowRankAdapter).mergedInto(layer.weight, 1));
    for (const [i, x] of change.entries()) expect(Math.abs(x - (part[i] as number))).toBeLessThan(1e-6);
    expect(Object.keys(model.parameters({ trainable: true })).every((name) => /lora\.[AB]$/.test(name))).toBe(true);
  });
});

const tensorOf = (values: number[], { shape }: Tensor): Tensor => tensor(values, { shape });
