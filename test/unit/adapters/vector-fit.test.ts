import { describe, expect, it } from 'vitest';
import {
  adam,
  Embedding,
  Linear,
  MLP,
  mergeAdapters,
  random,
  type Tensor,
  trainer,
  valueAndGrad,
  vectorFit,
} from '../../../src/index';
import { singularValues } from '../../support/singular-values';
import { differences, expectNear, numbers, open, rankOf, scatter, times, transposed } from './cases';

const [n, m] = [6, 4];
const k = 4;
const key = random.key(0);
const layerOf = (bias = true): Linear => new Linear(m, n, { bias, key: random.key(1) });
const x = random.normal(random.key(3), [7, m]);
const dy = random.normal(random.key(4), [7, n]);
const factorsOf = (layer: Linear) => {
  const all = open(layer.parameters());
  const [u = [], vt = [], sigma = [], shift = []] = ['u', 'vt', 'sigma', 'shift'].map((name) => all[`lora.${name}`]);
  return { u, vt, sigma, shift };
};
/** U·diag(values)·Vᵀ in float64. */
const composed = ({ u, vt }: ReturnType<typeof factorsOf>, values: readonly number[]): number[] =>
  times(
    u.map((value, i) => value * (values[i % k] as number)),
    vt,
    k,
  );

describe('VectorFit', () => {
  it('computes with U·diag(σ + Δσ)·Vᵀ and b + Δb', () => {
    const layer = layerOf();
    const { adapted, trainable } = vectorFit(layer);
    expect(adapted).toEqual([{ path: '', shape: [n, m], values: k, bias: true }]);
    expect(trainable).toBe(k + n);
    const weight = numbers(layer.weight);
    const sigma = singularValues(weight, [n, m]);
    // The factors of the weight, each element rounded once.
    expectNear(composed(factorsOf(layer), sigma), weight, 4);
    scatter(layer, random.key(2), /lora\.(sigma|shift)/);
    const factors = factorsOf(layer);
    const moved = composed(
      factors,
      sigma.map((value, i) => value + (factors.sigma[i] as number)),
    );
    const bias = numbers(layer.parameters().bias);
    const expected = times(numbers(x), transposed(moved, m), m).map(
      (y, i) => y + (bias[i % n] as number) + (factors.shift[i % n] as number),
    );
    // Three sums in a row of at most 4 terms and the weight again from its factors.
    expectNear(numbers(layer.forward(x)), expected, 8);
    expect(() => mergeAdapters(layer)).toThrow('merge/not-linear');
  });

  it('has the gradient uᵢᵀ·G·vᵢ', () => {
    const layer = layerOf();
    vectorFit(layer);
    const { grads } = valueAndGrad(() => layer.forward(x).mul(dy).sum(), layer.parameters({ trainable: true }));
    const { u, vt } = factorsOf(layer);
    const G = times(transposed(numbers(dy), n), numbers(x), 7); // Dᵀ·X [n, m]
    const inner = times(times(transposed(u, k), G, n), transposed(vt, m), m);
    expectNear(
      numbers(grads['lora.sigma']),
      Array.from({ length: k }, (_, i) => inner[i * (k + 1)] as number),
      16,
    );
    const sums = Array.from({ length: n }, (_, j) =>
      numbers(dy).reduce((sum, value, i) => (i % n === j ? sum + value : sum), 0),
    );
    expectNear(numbers(grads['lora.shift']), sums, 8);
  });

  it('without a bias is merged, as a change of full rank that leaves the singular vectors', () => {
    for (const [layer, options] of [
      [layerOf(false), {}],
      [layerOf(), { bias: false }],
    ] as const) {
      const { adapted, trainable } = vectorFit(layer, options);
      expect([adapted[0]?.bias, trainable]).toEqual([false, k]);
      const weight = numbers(layer.weight);
      scatter(layer, random.key(2), /lora\.sigma/);
      const factors = factorsOf(layer);
      const before = numbers(layer.forward(x));
      mergeAdapters(layer);
      expectNear(numbers(layer.forward(x)), before, 8);
      const change = differences(numbers(layer.weight), weight);
      expectNear(
        change.map((value, i) => value + (weight[i] as number)),
        composed(factors, factors.sigma).map((value, i) => value + (weight[i] as number)),
        4,
      );
      expect(rankOf(change, [n, m])).toBe(k);
    }
  });

  it('starts with Δσ = 0 and Δb = 0, so that no bit of the output changes, and learns with U and V as they are', () => {
    const layer = layerOf();
    const before = numbers(layer.forward(x));
    vectorFit(layer);
    const { u, vt, sigma, shift } = factorsOf(layer);
    expect([...sigma, ...shift].every((value) => value === 0)).toBe(true);
    expect(numbers(layer.forward(x))).toEqual(before);
    expect(Object.keys(layer.parameters({ trainable: true }))).toEqual(['lora.sigma', 'lora.shift']);
    const loss = (): Tensor => layer.forward(x).sub(dy).square().mean();
    const first = loss().dataSync()[0] as number;
    const training = trainer({ model: layer, transform: adam({ learningRate: 0.05 }), loss, seed: 0 });
    for (let step = 0; step < 20; step++) training.step(undefined);
    expect(loss().dataSync()[0]).toBeLessThan(0.95 * first);
    expect([factorsOf(layer).u, factorsOf(layer).vt]).toEqual([u, vt]);
  });

  it('drops what the adapter sees, not what the weight sees, where forward gets a key', () => {
    const layer = layerOf(false);
    vectorFit(layer, { dropout: 1 });
    const before = numbers(layer.forward(x));
    scatter(layer, random.key(2), /lora/);
    expect(numbers(layer.forward(x, { key }))).toEqual(before);
    expect(numbers(layer.forward(x))).not.toEqual(before);
  });

  it('adapts what is matched, and says why it leaves others alone', () => {
    const model = new MLP({ sizes: [4, 6, 3], key });
    expect(vectorFit(model, { match: 'layers.1' }).adapted.map(({ path, values }) => [path, values])).toEqual([
      ['layers.1', 3],
    ]);
    expect(() => vectorFit(new Embedding(4, 4, { key }))).toThrow(/adapter\/no-match.*whose input is ids/);
  });

  it.each([
    ['options/type', { bias: 1 as unknown as boolean }],
    ['options/range', { dropout: 2 }],
    ['options/unknown', { rank: 2 } as object],
  ])('refuses with %s: %o, and hangs in nothing', (code, options) => {
    const layer = layerOf();
    expect(() => vectorFit(layer, options)).toThrow(code);
    expect(layer.lora).toBeNull();
  });
});
