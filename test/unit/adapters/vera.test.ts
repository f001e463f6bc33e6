import { describe, expect, it } from 'vitest';
import {
  adam,
  adaptersOf,
  Embedding,
  GPT,
  Linear,
  MLP,
  memory,
  mergeAdapters,
  ones,
  random,
  scope,
  type Tensor,
  tensor,
  trainer,
  valueAndGrad,
  vera,
} from '../../../src/index';
import { differences, expectNear, numbers, open, rankOf, scatter, times, transposed } from './cases';

const [n, m, r] = [5, 7, 3];
const key = random.key(0);
const layerOf = (): Linear => new Linear(m, n, { key: random.key(1) });
const x = random.normal(random.key(3), [4, m]);
const pairOf = (rank: number, outputs: number, inputs: number) => ({
  A: random.normal(random.key(4), [rank, inputs]),
  B: random.normal(random.key(5), [outputs, rank]),
});
const scaled = (matrix: readonly number[], columns: number, rows: readonly number[]): number[] =>
  matrix.map((value, i) => value * (rows[Math.floor(i / columns)] as number));

/** diag(b)·B̂·diag(d)·Â in float64, from the first columns and rows of the pair. */
function explicit(A: Tensor, B: Tensor, d: readonly number[], b: readonly number[]): number[] {
  const [rank, wide] = A.shape as [number, number];
  const cutA = numbers(A).filter((_, i) => i % wide < m);
  const cutB = numbers(B).slice(0, n * rank);
  return scaled(times(cutB, scaled(cutA, m, d), rank), m, b);
}

/** B̂·diag(d)·Â: what the pair of a layer makes of b = 1 and d, with no weight in the way. */
function productOf(layer: Linear, d: readonly number[] = Array(layer.parameters()['lora.d']?.size).fill(1)): number[] {
  layer.load({
    ...layer.state(),
    weight: layer.weight.mul(0),
    'lora.d': tensor(d),
    'lora.b': ones([layer.weight.shape[0] as number]),
  });
  mergeAdapters(layer);
  return numbers(layer.weight);
}

describe('VeRA', () => {
  it('computes with diag(b)·B·diag(d)·A, of the first columns of A and the first rows of B', () => {
    const shared = pairOf(r, n + 2, m + 3);
    const layer = layerOf();
    vera(layer, { rank: r, shared });
    const plain = numbers(layer.forward(x));
    scatter(layer, random.key(2), /lora/);
    const { 'lora.d': d = [], 'lora.b': b = [] } = open(layer.parameters());
    const change = explicit(shared.A, shared.B, d, b);
    const moved = times(numbers(x), transposed(change, m), m);
    // Sums of 7 and of 3 products and two factors, each rounded at the size of its terms.
    expectNear(
      numbers(layer.forward(x)),
      plain.map((y, i) => y + (moved[i] as number)),
      8,
    );
    const before = numbers(layer.weight);
    mergeAdapters(layer);
    expectNear(
      numbers(layer.weight),
      before.map((w, i) => w + (change[i] as number)),
      8,
    );
    expect(rankOf(differences(numbers(layer.weight), before), [n, m])).toBe(r); // and never more
  });

  it('has the gradients diag(Bᵀ·diag(b)·G·Aᵀ) and diag(G·Aᵀ·diag(d)·Bᵀ)', () => {
    const shared = pairOf(r, n, m);
    const layer = layerOf();
    vera(layer, { rank: r, shared });
    scatter(layer, random.key(2), /lora/);
    const dy = random.normal(random.key(6), [4, n]);
    const { grads } = valueAndGrad(() => layer.forward(x).mul(dy).sum(), layer.parameters({ trainable: true }));
    const { 'lora.d': d = [], 'lora.b': b = [] } = open(layer.parameters());
    const G = times(transposed(numbers(dy), n), numbers(x), 4); // Dᵀ·X [n, m]
    const GA = times(G, transposed(numbers(shared.A), m), m); // [n, r]
    const B = numbers(shared.B);
    const sums = (size: number, at: (i: number, k: number) => number, length: number): number[] =>
      Array.from({ length: size }, (_, k) => Array.from({ length }, (_, i) => at(i, k)).reduce((s, v) => s + v, 0));
    const entry = (i: number, k: number): number => (GA[i * r + k] as number) * (B[i * r + k] as number);
    expectNear(
      numbers(grads['lora.d']),
      sums(r, (i, k) => (b[i] as number) * entry(i, k), n),
      16,
    );
    expectNear(
      numbers(grads['lora.b']),
      sums(n, (k, i) => (d[k] as number) * entry(i, k), r),
      16,
    );
  });

  it('starts with d = 0.1 and b = 0, so that no bit of the output changes, and trains r + out numbers a layer', () => {
    const layer = layerOf();
    const before = numbers(layer.forward(x));
    const { adapted, trainable } = vera(layer, { rank: r });
    expect(adapted).toEqual([{ path: '', shape: [n, m], rank: r }]);
    expect(trainable).toBe(n + r);
    expect(Object.keys(layer.parameters({ trainable: true }))).toEqual(['lora.d', 'lora.b']);
    expect(open(layer.parameters())['lora.d']).toEqual(Array(r).fill(Math.fround(0.1)));
    expect(numbers(layer.forward(x))).toEqual(before);
    const other = layerOf();
    vera(other, { dInitial: -2 });
    expect(open(other.parameters())['lora.d']).toEqual(Array(256).fill(-2));
  });

  it('has one pair for the whole model, as large as its largest layer, in no parameter', () => {
    const bytesOf = (layers: number): number =>
      scope(() => {
        const model = new MLP({ sizes: Array(layers + 1).fill(8), key });
        const before = memory().bytes;
        vera(model, { rank: 64 });
        expect(Object.keys(model.state()).filter((path) => /lora/.test(path)).length).toBe(2 * layers);
        return memory().bytes - before;
      });
    const [one, five] = [bytesOf(1), bytesOf(5)];
    const pair = 4 * 2 * 64 * 8;
    expect(one).toBeGreaterThanOrEqual(pair);
    expect(five - one).toBeLessThanOrEqual(4 * 4 * (64 + 8)); // d and b of four layers more, and no second pair
    // A layer has a piece of the pair that a larger one is given whole.
    const model = new MLP({ sizes: [6, 9, 4], key });
    vera(model, { rank: 2, seed: 7 });
    const [wide, narrow] = model.layers as [Linear, Linear]; // [9, 6] and [4, 9]: A is [2, 9], B [9, 2]
    const [first, second] = [productOf(wide), productOf(narrow)];
    for (let i = 0; i < 4; i++) expectNear(second.slice(9 * i, 9 * i + 6), first.slice(6 * i, 6 * i + 6), 2);
  });

  it('draws the pair again from the seed, and another from another, uniform in ±√(6/fan)', () => {
    const made = (options: Parameters<typeof vera>[1]): number[] => {
      const layer = layerOf();
      vera(layer, { rank: r, ...options });
      return productOf(layer);
    };
    expect(made({ seed: 3 })).toEqual(made({ seed: 3 }));
    expect(made({ seed: 4 })).not.toEqual(made({ seed: 3 }));
    expect(made({})).toEqual(made({ seed: 0 }));
    // B[:, k]·A[k, :] alone, with d zero but at k. The largest of 256 numbers or more that are uniform in ±a is below 0.9·a with chance 2e-12.
    const layer = new Linear(256, 512, { key });
    vera(layer, { rank: 4 });
    const largest = productOf(layer, [0, 1, 0, 0]).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const bound = Math.sqrt(6 / 256) * Math.sqrt(6 / 4);
    expect(largest).toBeLessThanOrEqual(bound * (1 + 2 ** -21)); // three roundings
    expect(largest).toBeGreaterThan(0.81 * bound);
  });

  it('keeps the pair as it is while it learns', () => {
    const layer = layerOf();
    const shared = pairOf(r, n, m);
    const before = [numbers(shared.A), numbers(shared.B)];
    vera(layer, { rank: r, shared });
    const y = random.normal(random.key(8), [4, n]);
    const loss = (): Tensor => layer.forward(x).sub(y).square().mean();
    const training = trainer({ model: layer, transform: adam({ learningRate: 0.05 }), loss, seed: 0 });
    const first = loss().dataSync()[0] as number;
    for (let step = 0; step < 20; step++) training.step(undefined);
    expect(loss().dataSync()[0]).toBeLessThan(0.9 * first);
    expect([numbers(shared.A), numbers(shared.B)]).toEqual(before);
  });

  it('drops what the adapter sees, not what the weight sees, where forward gets a key', () => {
    const layer = layerOf();
    vera(layer, { rank: r, dropout: 1 });
    const before = numbers(layer.forward(x));
    scatter(layer, random.key(2), /lora/);
    expect(numbers(layer.forward(x, { key }))).toEqual(before);
    expect(numbers(layer.forward(x))).not.toEqual(before);
  });

  it('adapts what is matched, and says why it leaves others alone', () => {
    const model = new GPT({ vocabularySize: 11, context: 6, width: 8, heads: 2, layers: 2, key });
    const { adapted, untouched } = vera(model, { rank: 2, match: /qkv|Embedding/ });
    expect(adapted.map(({ path }) => path)).toEqual(['blocks.0.attention.qkv', 'blocks.1.attention.qkv']);
    const reason = untouched.find(({ path }) => path === 'tokenEmbedding.weight')?.reason;
    expect(reason).toBe('an embedding, whose input is ids');
    expect(adaptersOf(model).length).toBe(2);
    expect(() => vera(new Embedding(4, 4, { key }))).toThrow('adapter/no-match');
  });

  it.each([
    ['options/range', { rank: 0 }],
    ['options/range', { dInitial: 0 }],
    ['options/range', { dInitial: Number.NaN }],
    ['options/range', { dropout: -1 }],
    ['options/type', { shared: { A: ones([3, m]) } as never }],
    ['options/type', { shared: { A: ones([3, m]), B: tensor([1], { dtype: 'int32' }) } }],
    ['vera/shared', { rank: 3, shared: { A: ones([2, m]), B: ones([n, 3]) } }],
    ['vera/shared', { rank: 3, shared: { A: ones([3, m]), B: ones([n, 2]) } }],
    ['vera/shared', { rank: 3, shared: { A: ones([3, m - 1]), B: ones([n, 3]) } }],
    ['vera/shared', { rank: 3, shared: { A: ones([3, m]), B: ones([n - 1, 3]) } }],
    ['vera/shared', { rank: 3, shared: { A: ones([3, m, 1]), B: ones([n, 3]) } }],
  ])('refuses with %s: %o, and hangs in nothing', (code, options) => {
    const layer = layerOf();
    expect(() => vera(layer, options)).toThrow(code);
    expect(layer.lora).toBeNull();
  });
});
