import { describe, expect, it } from 'vitest';
import {
  adam,
  compact,
  type GradientTransform,
  Linear,
  lora,
  MLP,
  mergeAdapters,
  mseLoss,
  random,
  type Tensor,
  tensor,
  trainer,
  transform,
  unmergeAdapters,
} from '../../../src/index';
import { expectNear, numbers, scatter } from './cases';

const x = random.normal(random.key(1), [9, 6]);

describe('compact: adapters without the components that have no part', () => {
  const masked = (mask: number[]) => {
    const model = new MLP({ sizes: [6, 5, 4], activation: 'tanh', key: random.key(2) });
    lora(model, { rank: mask.length, alpha: 6, dropout: 0.5, match: 'layers.0', mask: true });
    lora(model, { rank: 2, match: 'layers.1' });
    scatter(model, random.key(3), /lora\.[AB]/);
    model.load({ ...model.state(), 'layers.0.lora.mask': tensor(mask) });
    return model;
  };

  it('the function stays, of what is left, with the dropout and scale of the adapter', async () => {
    const model = masked([0, 1, 0, 1]);
    const key = random.key(4);
    const [evaluated, trained] = [numbers(model.forward(x)), numbers(model.forward(x, { key }))];
    expect(trained).not.toEqual(evaluated);
    expect(await compact(model)).toEqual([{ path: 'layers.0', before: 4 * (6 + 5 + 1), after: 2 * (6 + 5) }]);
    // Sums of two products where there were four, two of them zero: two roundings before tanh and a layer.
    expectNear(numbers(model.forward(x)), evaluated, 8);
    expectNear(numbers(model.forward(x, { key })), trained, 8);
    expect(Object.keys(model.parameters({ trainable: true }))).toEqual([
      'layers.0.lora.A',
      'layers.0.lora.B',
      'layers.1.lora.A',
      'layers.1.lora.B',
    ]);
    expect(await compact(model)).toEqual([]);
  });

  it('masked components get no gradient, and have no part: their values do not matter', () => {
    const [a, b] = [masked([0, 1]), masked([0, 1])];
    const A = numbers(b.parameters()['layers.0.lora.A']).map((value, i) => (i < 6 ? value + 100 : value));
    b.load({ ...b.state(), 'layers.0.lora.A': tensor(A, { shape: [2, 6] }) });
    expect(numbers(b.forward(x))).toEqual(numbers(a.forward(x)));
  });

  it('keeps what is frozen frozen and what is merged merged', async () => {
    const layer = new Linear(6, 5, { key: random.key(2) });
    lora(layer, { rank: 3, mask: true, freezeA: true });
    scatter(layer, random.key(3), /lora\.[AB]/);
    layer.load({ ...layer.state(), 'lora.mask': tensor([1, 0, 0]) });
    const weight = numbers(layer.weight);
    mergeAdapters(layer);
    await compact(layer);
    expect(Object.keys(layer.parameters({ trainable: true }))).toEqual(['lora.B']);
    unmergeAdapters(layer);
    expectNear(numbers(layer.weight), weight, 4);
  });

  it('an adapter of which nothing is left goes', async () => {
    const model = masked([0, 0]);
    expect(await compact(model)).toEqual([{ path: 'layers.0', before: 24, after: 0 }]);
    expect(model.layers[0]?.lora).toBeNull();
    await expect(compact(new Linear(2, 2, { key: random.key(0) }))).rejects.toThrow(/adapter\/none/);
  });

  it('a transform that returns updates for the mask decides on the rank while a model is trained', async () => {
    const layer = new Linear(6, 5, { key: random.key(2) });
    lora(layer, { rank: 3, mask: true });
    const inner = adam({ learningRate: 0.01 });
    // From the third step on, the first component is out.
    const shrinking: GradientTransform<{ inner: ReturnType<typeof inner.init>; step: number }> = transform({
      name: 'shrinking',
      init: (params) => ({ inner: inner.init(params), step: 0 }),
      update(grads, state, params) {
        const [updates, next] = inner.update(grads, state.inner, params);
        const mask = params['lora.mask'] as Tensor;
        const drop = state.step === 2 ? { 'lora.mask': tensor([0, 1, 1]).sub(mask) } : {};
        return [
          { ...updates, ...drop },
          { inner: next, step: state.step + 1 },
        ];
      },
    });
    const loss = () => mseLoss(layer.forward(x), x.mul(2).matmul(random.normal(random.key(5), [6, 5])));
    const training = trainer({ model: layer, transform: shrinking, loss, seed: 0 });
    expect(Object.keys(training.parameters)).toEqual(['lora.A', 'lora.B']);
    for (let step = 0; step < 5; step++) training.step(null);
    expect(numbers(layer.parameters()['lora.mask'])).toEqual([0, 1, 1]);
    const y = numbers(layer.forward(x));
    expect(await compact(layer)).toMatchObject([{ after: 2 * (6 + 5) }]);
    expectNear(numbers(layer.forward(x)), y, 4);
  });
});
