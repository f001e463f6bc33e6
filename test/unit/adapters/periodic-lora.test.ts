import { describe, expect, it } from 'vitest';
import {
  accumulate,
  adam,
  applyUpdates,
  chain,
  compress,
  Embedding,
  eye,
  type GradientTransform,
  Linear,
  lora,
  MLP,
  mergeAdapters,
  mseLoss,
  type PeriodicLoraOptions,
  type PeriodicState,
  periodicLora,
  projectors,
  random,
  scale,
  schedules,
  sgd,
  type Tensor,
  tensor,
  trainer,
  valueAndGrad,
  xgbLora,
} from '../../../src/index';
import { differences, expectNear, factorsOf, numbers, open, rankOf, scatter, times } from './cases';

const key = random.key(0);
const [n, m] = [12, 10];
const x = random.normal(random.key(1), [40, m]);
const y = random.normal(random.key(2), [40, n]);
const layerOf = (): Linear => new Linear(m, n, { key: random.key(3) });
const lossOf = (layer: Linear) => (_: null) => mseLoss(layer.forward(x), y);
const inner = adam({ learningRate: 0.05 });

/** A trainer of one layer in stages. */
function staged(options: Partial<PeriodicLoraOptions<unknown>> = {}) {
  const layer = layerOf();
  const { transform } = periodicLora(layer, { rank: 2, alpha: 4, stageSteps: 5, inner, ...options });
  return { layer, run: trainer({ model: layer, transform, loss: lossOf(layer), seed: 0 }) };
}
const steps = (count: number, run: { step(batch: null): unknown }): void => {
  for (let i = 0; i < count; i++) run.step(null);
};
const effective = (layer: Linear, s = 2): number[] => {
  const product = times(numbers(factorsOf(layer).B), numbers(factorsOf(layer).A), 2);
  return numbers(layer.weight).map((w, i) => w + s * (product[i] as number));
};

/** What one unloading makes of factors that have been trained: no step but the unloading, since the gradient is zero. */
function unload(options: Partial<PeriodicLoraOptions<unknown>>) {
  const layer = layerOf();
  const { transform } = periodicLora(layer, {
    rank: 2,
    alpha: 4,
    stageSteps: 1,
    inner: sgd({ learningRate: 1 }),
    ...options,
  });
  scatter(layer, random.key(5), /lora/);
  const [before, weight] = [effective(layer), numbers(layer.weight)];
  const [A, B] = [numbers(factorsOf(layer).A), numbers(factorsOf(layer).B)];
  const change = times(B, A, 2).map((v) => 2 * v); // s·B·A
  const trained = layer.parameters({ trainable: true });
  const none = Object.fromEntries(Object.entries(trained).map(([path, t]) => [path, t.mul(0)]));
  const [updates] = transform.update(none, transform.init(trained), layer.parameters());
  applyUpdates(layer.parameters(), updates);
  return { layer, before, weight, A, B, change };
}

describe('the end of a stage', () => {
  it('puts the whole change into the weight and leaves the function', () => {
    const { layer, before, change, weight, A } = unload({});
    expectNear(effective(layer), before, 4);
    expectNear(differences(numbers(layer.weight), weight), change, 8);
    expect(numbers(factorsOf(layer).B).every((v) => v === 0)).toBe(true);
    expect(numbers(factorsOf(layer).A)).not.toEqual(A);
  });

  it.each([0, 0.1, 0.5, 0.9])('with ρ = %s and keep leaves the function too, and keeps A', (mergeFraction) => {
    const { layer, before, change, weight, A, B } = unload({ mergeFraction });
    expectNear(effective(layer), before, 4);
    expectNear(
      differences(numbers(layer.weight), weight),
      change.map((v) => mergeFraction * v),
      8,
    );
    expect(numbers(factorsOf(layer).A)).toEqual(A);
    // B moves by the difference (1 − ρ)·B − B, so what counts is the rounding of a number as large as B before.
    expectNear([...numbers(factorsOf(layer).B), ...B], [...B.map((v) => (1 - mergeFraction) * v), ...B], 2);
  });

  it.each([0.1, 0.5, 0.9])('with ρ = %s as published loses ρ·(1 − ρ) of the change', (mergeFraction) => {
    const { layer, before, change } = unload({ mergeFraction, remainder: 'published' });
    const lost = differences(before, effective(layer));
    expectNear(
      lost,
      change.map((v) => mergeFraction * (1 - mergeFraction) * v),
      40,
    );
  });

  it('with restart loses what is not merged', () => {
    const { layer, before, change } = unload({ mergeFraction: 0.25, remainder: 'restart' });
    expectNear(
      differences(before, effective(layer)),
      change.map((v) => 0.75 * v),
      20,
    );
  });

  it('comes with the update of the step before it, not after it', () => {
    const [{ layer: a, run: one }, { layer: b, run: two }] = [staged(), staged({ stageSteps: 1000 })];
    steps(5, one);
    steps(5, two);
    expectNear(effective(a), effective(b), 4);
    expect(one.state).toMatchObject({ stage: 1, step: 0 });
    expect(numbers(factorsOf(a).B).every((v) => v === 0)).toBe(true);
  });

  it('starts the optimizer anew: moments zero, the schedule at its first value', () => {
    const rates: number[] = [];
    const cosine = schedules.cosine({ from: 0.1, steps: 10 });
    const learningRate = (step: number): number => {
      rates.push(step);
      return cosine(step);
    };
    const layer = layerOf();
    const { transform } = periodicLora(layer, { rank: 2, stageSteps: 3, inner: adam({ learningRate }) });
    const run = trainer({ model: layer, transform, loss: lossOf(layer), seed: 0 });
    steps(3, run);
    const fresh = adam({ learningRate }).init(layer.parameters({ trainable: true }));
    const plain = (state: unknown) => JSON.stringify(state, (_, v) => (v?.value ? numbers(v) : v));
    expect(plain(run.state.inner)).toBe(plain(fresh));
    steps(4, run);
    expect(rates).toEqual([0, 1, 2, 0, 1, 2, 0]);
  });

  it('draws other factors in every stage, the same ones in another run', () => {
    const draws = (seed: number): string[] => {
      const { layer, run } = staged({ seed, stageSteps: 1 });
      return [0, 1, 2].map(() => {
        run.step(null);
        return String(numbers(factorsOf(layer).A).map((v) => v.toFixed(5)));
      });
    };
    expect(new Set([...draws(1), ...draws(2)]).size).toBe(6);
    expect(draws(1)).toEqual(draws(1));
  });

  it('lets an embedding start anew with A = 0 and another B', () => {
    const table = new Embedding(6, 4, { key });
    const ids = tensor([0, 1, 2, 3, 4, 5], { dtype: 'int32' });
    const { transform } = periodicLora(table, { rank: 2, stageSteps: 2, inner, match: () => true });
    const run = trainer({ model: table, transform, loss: (_: null) => table.forward(ids).square().mean(), seed: 0 });
    const first = numbers(factorsOf(table).B);
    const base = numbers(table.weight);
    steps(2, run);
    const { A, B } = factorsOf(table);
    expect(numbers(A).every((v) => v === 0)).toBe(true);
    expect(numbers(B)).not.toEqual(first);
    expectNear(numbers(table.forward(ids)), numbers(table.weight), 0);
    expect(rankOf(differences(numbers(table.weight), base), [6, 4])).toBe(2);
  });
});

describe('rank', () => {
  it.each([1, 2, 3, 4, 5, 6])('after %s stages is min(n, m, k·r); that of LoRA stays r', (k) => {
    const { layer, run } = staged();
    const base = numbers(layer.weight);
    steps(5 * k, run);
    expect(rankOf(differences(numbers(layer.weight), base), [n, m])).toBe(Math.min(n, m, 2 * k));

    const plain = layerOf();
    lora(plain, { rank: 2, alpha: 4 });
    const training = trainer({ model: plain, transform: inner, loss: lossOf(plain), seed: 0 });
    steps(5 * k, training);
    mergeAdapters(plain);
    expect(rankOf(differences(numbers(plain.weight), base), [n, m])).toBe(2);
  });

  it('grows by one a round with XGBLoRA', () => {
    const layer = layerOf();
    const { transform, adapted } = xgbLora(layer, { stageSteps: 3, alpha: 2, inner });
    expect(adapted[0]).toMatchObject({ rank: 1, scale: 2 });
    const run = trainer({ model: layer, transform, loss: lossOf(layer), seed: 0 });
    const base = numbers(layer.weight);
    for (const round of [1, 2, 3]) {
      steps(3, run);
      expect(rankOf(differences(numbers(layer.weight), base), [n, m])).toBe(round);
    }
    expect(() => xgbLora(layerOf(), { stageSteps: 3, inner, rank: 2 } as never)).toThrow(/xgb-lora\/settled/);
  });
});

it('one stage that is merged at its end is LoRA and merge', () => {
  const { layer, run } = staged();
  const plain = layerOf();
  lora(plain, { rank: 2, alpha: 4 });
  const training = trainer({ model: plain, transform: inner, loss: lossOf(plain), seed: 0 });
  steps(5, run);
  steps(5, training);
  mergeAdapters(plain);
  expectNear(numbers(layer.weight), numbers(plain.weight), 4);
});

describe('steps are those of the optimizer', () => {
  const grow = <S>(
    wrap: (transform: GradientTransform<PeriodicState<unknown>>) => GradientTransform<S>,
    own: unknown,
  ) => {
    const layer = layerOf();
    const { transform } = periodicLora(layer, {
      rank: 2,
      alpha: 4,
      stageSteps: 2,
      inner: own as GradientTransform<unknown>,
    });
    const run = trainer({ model: layer, transform: wrap(transform), loss: lossOf(layer), seed: 0 });
    const base = numbers(layer.weight);
    const moved = (): boolean => numbers(layer.weight).some((w, i) => w !== base[i]);
    const at: number[] = [];
    for (let micro = 1; micro <= 6; micro++) {
      run.step(null);
      layer.forward(x); // an evaluation
      layer.forward(x);
      if (moved()) at.push(micro);
    }
    return { at, layer };
  };

  it('with accumulation around it or inside, in whole cycles', () => {
    const around = grow((transform) => accumulate(3, transform), inner);
    const inside = grow((transform) => transform, accumulate(3, inner));
    const plain = grow((transform) => transform, inner);
    expect(around.at).toEqual([6]);
    expect(inside.at).toEqual([6]);
    expect(plain.at).toEqual([2, 3, 4, 5, 6]);
    expect(open(inside.layer.parameters())).toEqual(open(around.layer.parameters()));
  });
});

it('with A frozen and Gaussian, SGD, and stages of one step is Flora with a projection for every step', () => {
  const [size, rank, seed, eta] = [8, 3, 5, 0.2];
  const input = random.normal(random.key(40), [9, size]);
  const target = random.normal(random.key(41), [9, size]);
  const make = (): MLP => new MLP({ sizes: [size, size], key });
  const [adapted, dense] = [make(), make()];
  const path = 'layers.0.weight';
  const draw = (stage: number): Tensor => {
    const projectionKey = random.fold(random.key(seed), path, 'projection', stage);
    const drawn = projectors.gaussian.sample(projectionKey, [size, size], rank, stage);
    return projectors.gaussian.up({ ...drawn, shape: [rank, size] }, eye(rank));
  };
  const { transform } = periodicLora(adapted, {
    rank,
    alpha: rank,
    freezeA: true,
    stageSteps: 1,
    inner: sgd({ learningRate: eta }),
    init: ({ stage }) => ({ A: draw(stage) }),
  });
  dense.freeze(/bias/);
  const flora = chain(
    compress({ projector: projectors.gaussian, rank, inner: scale(1), refreshEvery: 1, onRefresh: 'keep', seed }),
    scale(-eta),
  );
  const run = <S>(model: MLP, optimizer: GradientTransform<S>) =>
    trainer({ model, transform: optimizer, loss: (_: null) => mseLoss(model.forward(input), target), seed: 0 });
  const [one, other] = [run(adapted, transform), run(dense, flora)];
  const start = numbers(dense.parameters()[path]);
  steps(20, one);
  steps(20, other);
  expect(rankOf(differences(numbers(dense.parameters()[path]), start), [size, size])).toBe(size);
  expectNear(numbers(adapted.parameters()[path]), numbers(dense.parameters()[path]), 100);
});

it('resumes from its state and the parameters, in the middle of a stage', () => {
  const whole = staged();
  steps(12, whole.run);
  const first = staged();
  steps(7, first.run);
  const layer = layerOf();
  const { transform } = periodicLora(layer, { rank: 2, alpha: 4, stageSteps: 5, inner });
  layer.load(first.layer.parameters());
  const resume = { state: first.run.state, steps: 7 };
  const second = trainer({ model: layer, transform, loss: lossOf(layer), seed: 0, resume: resume as never });
  steps(5, second);
  expect(open(layer.parameters())).toEqual(open(whole.layer.parameters()));
});

describe('refuses', () => {
  it.each([
    ['options/range', { stageSteps: 0 }],
    ['options/range', { mergeFraction: 1.5 }],
    ['options/choice', { remainder: 'drop' as 'keep' }],
    ['options/unknown', { stages: 3 } as object],
  ])('with %s: %o', (code, options) => {
    const layer = layerOf();
    expect(() => periodicLora(layer, { stageSteps: 1, inner, ...options })).toThrow(expect.objectContaining({ code }));
    expect(layer.lora).toBeNull();
  });

  it('parameters without the weight', () => {
    const layer = layerOf();
    const { transform } = periodicLora(layer, { stageSteps: 1, inner });
    const params = layer.parameters({ trainable: true });
    const { grads } = valueAndGrad(() => mseLoss(layer.forward(x), y), params);
    const [updates] = transform.update(grads, transform.init(params), params);
    expect(() => applyUpdates(params, updates)).toThrow(/params\/unknown/);
    const frozen = layerOf();
    const fa = periodicLora(frozen, { stageSteps: 1, inner, freezeA: true });
    const trained = frozen.parameters({ trainable: true });
    const gradients = valueAndGrad(() => mseLoss(frozen.forward(x), y), trained).grads;
    expect(() => fa.transform.update(gradients, fa.transform.init(trained), trained)).toThrow(/periodic-lora\/params/);
  });
});
