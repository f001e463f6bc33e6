import { describe, expect, it } from 'vitest';
import {
  adam,
  adamw,
  applyUpdates,
  type GradientTransform,
  Linear,
  mergeAdapters,
  mseLoss,
  noGrad,
  type ReLoraOptions,
  random,
  reLora,
  schedules,
  sgd,
  type Tensor,
  tensor,
  trainer,
  transform,
} from '../../../src/index';
import { differences, expectNear, factorsOf, numbers, open, rankOf } from './cases';

const [n, m, rank] = [12, 10, 2];
const x = random.normal(random.key(1), [40, m]);
const y = random.normal(random.key(2), [40, n]);
const layerOf = (): Linear => new Linear(m, n, { key: random.key(3) });
const lossOf = (layer: Linear) => (_: null) => mseLoss(layer.forward(x), y);
const inner = adam({ learningRate: 0.05 });

function staged<S = unknown>(options: Partial<ReLoraOptions<S>> = {}) {
  const layer = layerOf();
  const own = { rank, alpha: 4, stageSteps: 5, inner: inner as GradientTransform<unknown> as GradientTransform<S> };
  const { transform: staging } = reLora<S>(layer, { ...own, ...options });
  return { layer, staging, run: trainer({ model: layer, transform: staging, loss: lossOf(layer), seed: 0 }) };
}
const steps = (count: number, run: { step(batch: null): unknown }): void => {
  for (let i = 0; i < count; i++) run.step(null);
};
const output = (layer: Linear): number[] => numbers(noGrad(() => layer.forward(x)));

/** What is left of given moments of A and B after one step that ends a stage. */
function pruned(options: Partial<ReLoraOptions<unknown>>, moments = momentsOf()) {
  const keeps = transform({
    init: () => ({ step: 7, moments, other: [tensor([1, 2])], byShape: { 'lora.A': tensor([3, 4]) } }),
    update: (grads, state) => [grads, { ...state, step: state.step + 1 }],
  });
  const { layer, staging } = staged({ stageSteps: 1, inner: keeps as GradientTransform<unknown>, ...options });
  const trained = layer.parameters({ trainable: true });
  const none = Object.fromEntries(Object.entries(trained).map(([path, t]) => [path, t.mul(0)]));
  const [updates, state] = staging.update(none, staging.init(trained), layer.parameters());
  applyUpdates(layer.parameters(), updates);
  return state.inner as ReturnType<typeof keeps.init>;
}
const momentsOf = () => ({
  mean: { 'lora.A': random.normal(random.key(5), [rank, m]), 'lora.B': random.normal(random.key(6), [n, rank]) },
  square: { 'lora.A': random.normal(random.key(7), [rank, m]), 'lora.B': random.normal(random.key(8), [n, rank]) },
});
const kept = (t: Tensor): boolean[] => numbers(t).map((v) => v !== 0);

describe('the end of a stage', () => {
  it('puts the change into the weight: the function goes on where an optimizer of one stage has it', () => {
    const [one, other] = [staged(), staged({ stageSteps: 1000 })];
    steps(5, one.run);
    steps(5, other.run);
    expectNear(output(one.layer), output(other.layer), 32);
    expect(numbers(factorsOf(one.layer).B).every((v) => v === 0)).toBe(true);
    expect(numbers(factorsOf(one.layer).A)).not.toEqual(numbers(factorsOf(other.layer).A));
  });

  it('prunes by magnitude: what stays is above the quantile, between two sizes where it falls there', () => {
    const moments = momentsOf();
    for (const pruneRatio of [0, 0.25, 0.5, 0.9, 1]) {
      const left = pruned({ pruning: 'magnitude', pruneRatio }, moments).moments;
      for (const name of ['mean', 'square'] as const)
        for (const path of ['lora.A', 'lora.B'] as const) {
          const before = numbers(moments[name][path]);
          const sizes = before.map(Math.abs).sort((a, b) => a - b);
          const at = pruneRatio * (sizes.length - 1);
          const [low, high] = [sizes[Math.floor(at)] as number, sizes[Math.ceil(at)] as number];
          const limit = low + (high - low) * (at - Math.floor(at));
          expect(numbers(left[name][path])).toEqual(before.map((v) => (Math.abs(v) > limit ? v : 0)));
        }
    }
  });

  it('drops the element that is the quantile, also where 0.29·100 is 28.999999999999996', () => {
    const layer = new Linear(101, 1, { key: random.key(3) });
    const moment = tensor([Array.from({ length: 101 }, (_, i) => i + 1)]);
    const keeps = transform({ init: () => ({ 'lora.A': moment }), update: (grads, state) => [grads, state] });
    const how = { pruning: 'magnitude', pruneRatio: 0.29 } as const;
    const { transform: staging } = reLora(layer, { rank: 1, stageSteps: 1, inner: keeps, ...how });
    const trained = layer.parameters({ trainable: true });
    const none = { 'lora.B': tensor([[0]]) };
    const [, { inner: left }] = staging.update(none, staging.init(trained), layer.parameters());
    expect(numbers(left['lora.A'])).toEqual(numbers(moment).map((v) => (v > 30 ? v : 0)));
  });

  it('prunes at random: an element stays with chance 1 − ratio, each moment by draws of its own', () => {
    const wide = () => random.normal(random.key(9), [200, m]);
    // Binomial with 2000 draws: z = 6.2 for an element kept with chance 0.3, a false alarm for 6e-10 of all seeds.
    const layer = new Linear(m, 4, { key: random.key(3) });
    const keeps = transform({
      init: () => ({ mean: { 'lora.A': wide() }, square: { 'lora.A': wide() } }),
      update: (grads, state) => [grads, state],
    });
    const { transform: staging } = reLora(layer, { rank: 200, stageSteps: 1, inner: keeps, pruneRatio: 0.7, seed: 1 });
    const trained = layer.parameters({ trainable: true });
    const none = Object.fromEntries(Object.entries(trained).map(([path, t]) => [path, t.mul(0)]));
    const [, first] = staging.update(none, staging.init(trained), layer.parameters());
    const [mean, square] = [kept(first.inner.mean['lora.A']), kept(first.inner.square['lora.A'])];
    const share = mean.filter(Boolean).length / 2000;
    expect(Math.abs(share - 0.3)).toBeLessThan(6.2 * Math.sqrt((0.3 * 0.7) / 2000));
    expect(mean).not.toEqual(square);
    // Other draws in the next stage: as many as chance has in common.
    const [, second] = staging.update(none, { ...first, inner: keeps.init(trained) }, layer.parameters());
    expect(kept(second.inner.mean['lora.A'])).not.toEqual(mean);
    const values = numbers(wide());
    expect(numbers(first.inner.mean['lora.A'])).toEqual(values.map((v, i) => (mean[i] ? v : 0)));
  });

  it('leaves the count of steps, and states of another shape or of no parameter', () => {
    const left = pruned({ pruneRatio: 1 });
    expect(left.step).toBe(8);
    expect([numbers(left.other[0] as Tensor), numbers(left.byShape['lora.A'])]).toEqual([
      [1, 2],
      [3, 4],
    ]);
    for (const moment of Object.values(left.moments))
      for (const t of Object.values(moment)) expect(numbers(t).every((v) => v === 0)).toBe(true);
    expect(
      Object.values(pruned({ pruneRatio: 0 }).moments.mean)
        .flatMap(kept)
        .every(Boolean),
    ).toBe(true);
  });

  it('prunes 99.9% at random unless it is told', () => {
    // 20 elements of A: that 5 or more stay has a chance below 2e-11.
    const left = pruned({});
    expect(kept(left.moments.mean['lora.A']).filter(Boolean).length).toBeLessThan(5);
    const [one, two] = [pruned({ pruneRatio: 0.5, seed: 1 }), pruned({ pruneRatio: 0.5, seed: 2 })];
    expect(kept(one.moments.mean['lora.B'])).not.toEqual(kept(two.moments.mean['lora.B']));
    expect(kept(pruned({ pruneRatio: 0.5, seed: 1 }).moments.mean['lora.B'])).toEqual(kept(one.moments.mean['lora.B']));
  });

  it('goes on with the schedule, which periodicLora starts anew', () => {
    const asked: number[] = [];
    const learningRate = (step: number): number => {
      asked.push(step);
      return 0.01;
    };
    const { run } = staged({ stageSteps: 3, inner: adamw({ learningRate }) as GradientTransform<unknown> });
    steps(7, run);
    expect(asked).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(run.state).toMatchObject({ stage: 2, step: 1 });
  });

  it('with everything pruned is not the start of periodicLora alone: Adam knows its steps', () => {
    const { run } = staged({ pruneRatio: 1 });
    steps(5, run);
    const state = run.state.inner as { step?: number };
    expect(JSON.stringify(state)).toMatch(/"step":5/);
  });
});

it.each([1, 2, 3, 4, 5, 6])('after %s merges the change has rank min(n, m, k·r)', (k) => {
  const { layer, run } = staged();
  const base = numbers(layer.weight);
  steps(5 * k, run);
  expect(rankOf(differences(numbers(layer.weight), base), [n, m])).toBe(Math.min(n, m, rank * k));
});

it.each(['random', 'magnitude'] as const)('resumes exactly, before and after a merge (%s)', (pruning) => {
  const options = { pruning, pruneRatio: 0.5 };
  const whole = staged(options);
  steps(12, whole.run);
  for (const stop of [4, 5, 6, 10]) {
    const first = staged(options);
    steps(stop, first.run);
    const { layer, staging } = staged(options);
    layer.load(first.layer.parameters());
    const resume = { state: first.run.state, steps: stop };
    const second = trainer({ model: layer, transform: staging, loss: lossOf(layer), seed: 0, resume });
    steps(12 - stop, second);
    expect(open(layer.parameters())).toEqual(open(whole.layer.parameters()));
  }
});

it('learns with its schedule, and merges what the last stage has', () => {
  const learningRate = schedules.cosineWithRestarts({
    peak: 0.05,
    steps: 40,
    warmup: 4,
    restartEvery: 10,
    restartWarmup: 3,
  });
  const { layer, run } = staged({ stageSteps: 10, inner: adam({ learningRate }) as GradientTransform<unknown> });
  const item = (): number => numbers(noGrad(() => lossOf(layer)(null)))[0] as number;
  const before = item();
  steps(38, run);
  expect(item()).toBeLessThan(0.9 * before);
  const function_ = output(layer);
  mergeAdapters(layer);
  expectNear(output(layer), function_, 32);
});

describe('refuses', () => {
  it.each([
    ['options/range', { pruneRatio: 1.5 }],
    ['options/choice', { pruning: 'reset' as 'random' }],
    ['options/unknown', { mergeFraction: 0.5 } as object],
    ['options/range', { stageSteps: 0 }],
  ])('with %s: %o', (code, options) => {
    const layer = layerOf();
    const own = { stageSteps: 1, inner: sgd({ learningRate: 0.1 }) };
    expect(() => reLora(layer, { ...own, ...options })).toThrow(expect.objectContaining({ code }));
    expect(layer.lora).toBeNull();
  });
});
