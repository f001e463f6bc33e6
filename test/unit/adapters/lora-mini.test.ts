import { describe, expect, it } from 'vitest';
import {
  adam,
  Embedding,
  eye,
  GPT,
  Linear,
  lora,
  loraMini,
  mergeAdapters,
  type Params,
  random,
  sgd,
  type Tensor,
  trainer,
  valueAndGrad,
} from '../../../src/index';
import { differences, drawnAlike, expectNear, numbers, open, rankOf, scatter, times, transposed } from './cases';

const [n, m] = [6, 5];
const key = random.key(0);
const layerOf = (): Linear => new Linear(m, n, { key: random.key(1) });
const x = random.normal(random.key(3), [7, m]);
const dy = random.normal(random.key(4), [7, n]);
const inner = [4, 3] as const;
const [a, b] = inner;
const r = 2;

/** The factors of a layer by name, row-major. */
function factorsOf(layer: Linear) {
  const {
    'lora.A': A = [],
    'lora.B': B = [],
    'lora.outerA': outerA = [],
    'lora.outerB': outerB = [],
  } = open(layer.parameters());
  return { A, B, outerA, outerB };
}
const scaled = (values: readonly number[], factor: number): number[] => values.map((value) => value * factor);
/** Products from the left, each matrix with the number of its rows, in float64. */
const product = (first: readonly number[], ...rest: (readonly [matrix: readonly number[], rows: number])[]): number[] =>
  rest.reduce<number[]>((left, [matrix, rows]) => times(left, matrix, rows), [...first]);

describe('LoRA-Mini', () => {
  it('computes with s·Bₒ·B·A·Aₒ, and merges that', () => {
    const layer = layerOf();
    const { adapted } = loraMini(layer, { rank: r, inner, alpha: 3 });
    expect(adapted).toEqual([{ path: '', shape: [n, m], rank: r, scale: 1.5 }]);
    const plain = numbers(layer.forward(x));
    scatter(layer, random.key(2), /lora/);
    const { A, B, outerA, outerB } = factorsOf(layer);
    const change = scaled(product(outerB, [B, a], [A, r], [outerA, b]), 1.5);
    const moved = times(numbers(x), transposed(change, m), m);
    // A chain of four products of at most 5 terms, each rounded at the size of its terms.
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
  });

  it('starts with B = 0, so that no bit of the output changes, and trains r·(a + b) numbers', () => {
    const layer = layerOf();
    const before = numbers(layer.forward(x));
    const { trainable } = loraMini(layer, { rank: r, inner });
    expect(trainable).toBe(r * (a + b));
    expect(Object.keys(layer.parameters({ trainable: true }))).toEqual(['lora.A', 'lora.B']);
    const shapes = Object.entries(layer.parameters()).map(([path, { shape }]) => [path, shape]);
    expect(Object.fromEntries(shapes)).toMatchObject({
      'lora.A': [r, b],
      'lora.B': [a, r],
      'lora.outerA': [b, m],
      'lora.outerB': [n, a],
    });
    expect(factorsOf(layer).B.every((value) => value === 0)).toBe(true);
    expect(numbers(layer.forward(x))).toEqual(before);
    expect(loraMini(layerOf()).trainable).toBe(8 * (64 + 64));
    expect(loraMini(layerOf(), { rank: 4, alpha: 6, rankStabilized: true }).adapted[0]?.scale).toBe(3);
  });

  it('has the gradients s·Bₒᵀ·G·Aₒᵀ·Aᵀ and s·Bᵀ·Bₒᵀ·G·Aₒᵀ', () => {
    const layer = layerOf();
    loraMini(layer, { rank: r, inner, alpha: 3 });
    scatter(layer, random.key(2), /lora/);
    const { grads } = valueAndGrad(() => layer.forward(x).mul(dy).sum(), layer.parameters({ trainable: true }));
    const { A, B, outerA, outerB } = factorsOf(layer);
    const core = scaled(
      product(transposed(outerB, a), [transposed(numbers(dy), n), n], [numbers(x), 7], [transposed(outerA, m), m]),
      1.5,
    ); // s·Bₒᵀ·G·Aₒᵀ [a, b]
    // Chains of products whose terms cancel to no less than an eighth of their size.
    expectNear(numbers(grads['lora.B']), times(core, transposed(A, b), b), 32);
    expectNear(numbers(grads['lora.A']), times(transposed(B, r), core, a), 32);
  });

  it('is LoRA where the outer factors are identities', () => {
    const [plain, nested] = [layerOf(), layerOf()];
    lora(plain, { rank: r, alpha: 4 });
    loraMini(nested, { rank: r, alpha: 4, inner: [n, m] });
    const start = plain.parameters() as Params & { 'lora.A': Tensor };
    nested.load({ ...nested.state(), 'lora.A': start['lora.A'], 'lora.outerA': eye(m), 'lora.outerB': eye(n) });
    const trained = [plain, nested].map((layer) => {
      const loss = (): Tensor => layer.forward(x).sub(dy).square().mean();
      const training = trainer({ model: layer, transform: sgd({ learningRate: 0.5 }), loss, seed: 0 });
      for (let step = 0; step < 5; step++) training.step(undefined);
      return open(layer.parameters());
    });
    const [one, other] = trained as [Record<string, number[]>, Record<string, number[]>];
    for (const name of ['lora.A', 'lora.B']) expectNear(other[name] ?? [], one[name] ?? [], 32); // five steps
    expectNear(numbers(nested.forward(x)), numbers(plain.forward(x)), 32);
    expect(Math.max(...(other['lora.B'] ?? []).map(Math.abs))).toBeGreaterThan(0.01);
  });

  it('projects the gradient on two sides where A is frozen too and SGD trains B', () => {
    const layer = layerOf();
    loraMini(layer, { rank: r, inner, alpha: 3 });
    layer.freeze('lora.A');
    const before = numbers(layer.weight);
    // The loss is linear, so that G is the same in all three steps.
    const loss = (): Tensor => layer.forward(x).mul(dy).sum();
    const training = trainer({ model: layer, transform: sgd({ learningRate: 0.1 }), loss, seed: 0 });
    for (let step = 0; step < 3; step++) training.step(undefined);
    const { A, outerA, outerB } = factorsOf(layer);
    const right = times(A, outerA, b); // A·Aₒ [r, m]
    const change = scaled(
      product(
        outerB,
        [transposed(outerB, a), a],
        [transposed(numbers(dy), n), n],
        [numbers(x), 7],
        [transposed(right, m), m],
        [right, r],
      ),
      -3 * 0.1 * 1.5 ** 2,
    );
    mergeAdapters(layer);
    expectNear(
      numbers(layer.weight),
      before.map((w, i) => w + (change[i] as number)),
      16,
    );
    expect(Math.max(...change.map(Math.abs))).toBeGreaterThan(0.01);
  });

  it('keeps the outer factors to the bit while it learns, and the change in the columns of Bₒ', () => {
    const layer = layerOf();
    loraMini(layer, { rank: 3, inner });
    const [before, weight] = [factorsOf(layer), numbers(layer.weight)];
    const loss = (): Tensor => layer.forward(x).sub(dy).square().mean();
    const first = loss().dataSync()[0] as number;
    const training = trainer({ model: layer, transform: adam({ learningRate: 0.05 }), loss, seed: 0 });
    for (let step = 0; step < 20; step++) training.step(undefined);
    expect(loss().dataSync()[0]).toBeLessThan(0.9 * first);
    const after = factorsOf(layer);
    expect([after.outerA, after.outerB]).toEqual([before.outerA, before.outerB]);
    expect(after.A).not.toEqual(before.A);
    mergeAdapters(layer);
    const change = differences(numbers(layer.weight), weight);
    const beside = Array.from({ length: n }, (_, i) => [
      ...before.outerB.slice(i * a, (i + 1) * a),
      ...change.slice(i * m, (i + 1) * m),
    ]);
    expect(rankOf(before.outerB, [n, a])).toBe(a);
    expect(rankOf(beside.flat(), [n, a + m])).toBe(a);
  });

  it.each([
    [2, [4, 3], 2],
    [5, [3, 4], 3],
    [5, [4, 1], 1],
  ] as const)('has at most the rank min(r, a, b): r = %i, [a, b] = %j → %i', (rank, sizes, expected) => {
    const layer = layerOf();
    loraMini(layer, { rank, inner: sizes });
    const before = numbers(layer.weight);
    scatter(layer, random.key(2), /lora\.[AB]/);
    mergeAdapters(layer);
    expect(rankOf(differences(numbers(layer.weight), before), [n, m])).toBe(expected);
  });

  it('draws all but B from the seed and the path, uniform in ±1/√fan, with no two factors alike', () => {
    const made = (options: Parameters<typeof loraMini>[1] = {}) => {
      const layer = new Linear(64, 64, { key });
      loraMini(layer, { inner: [32, 16], ...options });
      return factorsOf(layer);
    };
    const { A, outerA, outerB } = made({ seed: 3 });
    expect(made({ seed: 3 })).toEqual(made({ seed: 3 }));
    const others = made({ seed: 4 });
    for (const [factor, other, fan] of [
      [A, others.A, 16],
      [outerA, others.outerA, 64],
      [outerB, others.outerB, 32],
    ] as const) {
      const largest = Math.max(...factor.map(Math.abs));
      expect(largest).toBeLessThanOrEqual(1 / Math.sqrt(fan));
      expect(largest).toBeGreaterThan(0.8 / Math.sqrt(fan)); // of at least 128 numbers: missed with chance 0.8^128 = 4e-13
      expect(other).not.toEqual(factor);
    }
    expect([drawnAlike(A, outerA), drawnAlike(A, outerB), drawnAlike(outerA, outerB)]).toEqual([false, false, false]);
    const model = new GPT({ vocabularySize: 11, context: 6, width: 8, heads: 2, layers: 2, key });
    loraMini(model, { match: /qkv/ });
    const [first, second] = [0, 1].map((i) => model.parameters()[`blocks.${i}.attention.qkv.lora.outerA`]);
    expect(numbers(first)).not.toEqual(numbers(second));
  });

  it('is whole again from the trained pair and the seed', () => {
    const [layer, again] = [layerOf(), layerOf()];
    for (const one of [layer, again]) loraMini(one, { rank: r, inner, seed: 5 });
    scatter(layer, random.key(2), /lora\.[AB]/);
    again.load(layer.parameters({ trainable: true }), { strict: false });
    expect(numbers(again.forward(x))).toEqual(numbers(layer.forward(x)));
  });

  it('drops what the adapter sees, not what the weight sees, where forward gets a key', () => {
    const layer = layerOf();
    loraMini(layer, { rank: r, inner, dropout: 1 });
    const before = numbers(layer.forward(x));
    scatter(layer, random.key(2), /lora/);
    expect(numbers(layer.forward(x, { key }))).toEqual(before);
    expect(numbers(layer.forward(x))).not.toEqual(before);
  });

  it.each([
    ['options/range', { rank: 0 }],
    ['options/range', { inner: [4, 0] as const }],
    ['options/range', { inner: 4 as unknown as [number, number] }],
    ['options/range', { inner: [1, 2, 3] as unknown as [number, number] }],
    ['options/range', { dropout: 2 }],
  ])('refuses with %s: %o, and hangs in nothing', (code, options) => {
    const layer = layerOf();
    expect(() => loraMini(layer, options)).toThrow(code);
    expect(layer.lora).toBeNull();
    expect(() => loraMini(new Embedding(4, 4, { key }))).toThrow(/adapter\/no-match.*whose input is ids/);
  });
});
