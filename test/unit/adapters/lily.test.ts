import { describe, expect, it } from 'vitest';
import {
  adam,
  Embedding,
  GPT,
  Linear,
  lily,
  lora,
  MLP,
  mergeAdapters,
  type Params,
  random,
  type Tensor,
  trainer,
} from '../../../src/index';
import { drawnAlike, expectNear, numbers, open, scatter, times, transposed } from './cases';

const [n, m, r, E] = [5, 4, 3, 2];
const key = random.key(0);
const layerOf = (): Linear => new Linear(m, n, { key: random.key(1) });
const x = random.normal(random.key(3), [2, 3, m]);

/** s·H·Σ pₑ·Bₑ for rows [N, m], in float64. */
function explicit(layer: Linear, rows: readonly number[], scale: number): number[] {
  const { 'lora.A': A = [], 'lora.B': B = [], 'lora.R': R = [] } = open(layer.parameters());
  const H = times(rows, transposed(A, m), m);
  const experts = R.length / r;
  const scores = times(H, transposed(R, r), r);
  const p = Array<number>(experts).fill(0);
  const count = H.length / r;
  for (let i = 0; i < count; i++) {
    const row = scores.slice(i * experts, (i + 1) * experts).map(Math.exp);
    const sum = row.reduce((a, b) => a + b, 0);
    row.forEach((value, e) => {
      p[e] = (p[e] as number) + value / sum / count;
    });
  }
  const mixed = Array.from({ length: r * n }, (_, i) =>
    p.reduce((s, share, e) => s + share * (B[e * r * n + i] as number), 0),
  );
  return times(H, mixed, r).map((value) => scale * value);
}

describe('Lily', () => {
  it('computes with a mixture of the up factors, by the mean of the softmax of its router', () => {
    const layer = layerOf();
    const { adapted } = lily(layer, { rank: r, experts: E, scale: 1.5 });
    expect(adapted).toEqual([{ path: '', shape: [n, m], rank: r, down: '', up: '' }]);
    const plain = numbers(layer.forward(x));
    scatter(layer, random.key(2), /lora/);
    const moved = explicit(layer, numbers(x), 1.5);
    // Products of 4 and 3 terms, a softmax, a mean of 6 rows, a mixture.
    expectNear(
      numbers(layer.forward(x)),
      plain.map((y, i) => y + (moved[i] as number)),
      8,
    );
  });

  it('starts with B = 0, so that no bit of the output changes, and learns', () => {
    const layer = layerOf();
    const before = numbers(layer.forward(x));
    lily(layer, { rank: r });
    expect(open(layer.parameters())['lora.B']?.every((value) => value === 0)).toBe(true);
    expect(numbers(layer.forward(x))).toEqual(before);
    const y = random.normal(random.key(4), [2, 3, n]);
    const loss = (): Tensor => layer.forward(x).sub(y).square().mean();
    const first = loss().dataSync()[0] as number;
    const training = trainer({ model: layer, transform: adam({ learningRate: 0.05 }), loss, seed: 0 });
    for (let step = 0; step < 20; step++) training.step(undefined);
    expect(loss().dataSync()[0]).toBeLessThan(0.8 * first);
  });

  it('does not depend on the router where all up factors are equal: the shares are 1 together', () => {
    const layer = layerOf();
    lily(layer, { rank: r, experts: E });
    scatter(layer, random.key(2), /lora/);
    const one = numbers(layer.parameters()['lora.B']).slice(0, r * n);
    const B = random.normal(key, [E, r, n]).mul(0);
    const same = B.add(layer.parameters()['lora.B']?.slice([0], [1]) as Tensor);
    const at = (seed: number): number[] => {
      const R = random.normal(random.key(seed), [E, r]);
      layer.load({ ...layer.state(), 'lora.B': same, 'lora.R': R });
      return numbers(layer.forward(x));
    };
    expectNear(at(5), at(6), 4);
    const A = numbers(layer.parameters()['lora.A']);
    const moved = times(times(numbers(x), transposed(A, m), m), one, r);
    const plain = numbers(layerOf().forward(x));
    expectNear(
      at(5),
      plain.map((y, i) => y + (moved[i] as number)),
      8,
    );
  });

  it('is LoRA with one up factor', () => {
    const [one, other] = [layerOf(), layerOf()];
    lily(one, { rank: r, experts: 1, scale: 2 });
    lora(other, { rank: r, alpha: 2 * r });
    scatter(one, random.key(2), /lora/);
    const { 'lora.A': A, 'lora.B': B } = one.parameters() as Params & Record<'lora.A' | 'lora.B', Tensor>;
    other.load({ ...other.state(), 'lora.A': A, 'lora.B': B.reshape([r, n]).transpose() });
    expectNear(numbers(one.forward(x)), numbers(other.forward(x)), 4);
  });

  it('without routers has the mean of the up factors, and is merged', () => {
    const layer = layerOf();
    const { trainable } = lily(layer, { rank: r, experts: 3, scale: 1.5, router: false });
    expect(trainable).toBe(r * m + 3 * r * n);
    scatter(layer, random.key(2), /lora/);
    const { 'lora.A': A = [], 'lora.B': B = [] } = open(layer.parameters());
    const up = Array.from({ length: r * n }, (_, i) =>
      [0, 1, 2].reduce((s, e) => s + (B[e * r * n + i] as number) / 3, 0),
    );
    const change = times(transposed(up, n), A, r).map((value) => 1.5 * value); // s·(mean of B)ᵀ·A [n, m]
    const before = numbers(layer.weight);
    const moved = times(numbers(x), transposed(change, m), m);
    const plain = numbers(layerOf().forward(x));
    expectNear(
      numbers(layer.forward(x)),
      plain.map((y, i) => y + (moved[i] as number)),
      8,
    );
    mergeAdapters(layer);
    expectNear(
      numbers(layer.weight),
      before.map((w, i) => w + (change[i] as number)),
      4,
    );
  });

  it('lets rows depend on each other, and so cannot be merged', () => {
    const layer = layerOf();
    lily(layer, { rank: r, experts: E });
    scatter(layer, random.key(2), /lora/);
    const alone = numbers(layer.forward(x.slice([0], [1])));
    const together = numbers(layer.forward(x)).slice(0, alone.length);
    expect(Math.max(...alone.map((y, i) => Math.abs(y - (together[i] as number))))).toBeGreaterThan(1e-4);
    expect(() => mergeAdapters(layer)).toThrow('merge/not-linear');
  });

  it('shares down factors among neighbours of a kind, and up factors among all of it', () => {
    const model = new GPT({ vocabularySize: 11, context: 6, width: 8, heads: 2, layers: 3, key });
    const { adapted, trainable } = lily(model, { rank: 2, experts: 4, stride: 2, match: /qkv|fc/ });
    const of = (path: string) => adapted.find((row) => row.path === path);
    const qkv = [0, 1, 2].map((i) => `blocks.${i}.attention.qkv`);
    expect(qkv.map((path) => of(path)?.down)).toEqual([qkv[0], qkv[0], qkv[2]]);
    expect(qkv.map((path) => of(path)?.up)).toEqual([qkv[0], qkv[0], qkv[0]]);
    expect(of('blocks.1.mlp.fc')).toMatchObject({ down: 'blocks.0.mlp.fc', up: 'blocks.0.mlp.fc' });
    // Two of three down factors, one set of up factors and three routers of each kind.
    expect(trainable).toBe(2 * (2 * 2 * 8 + 3 * 4 * 2) + 4 * 2 * (24 + 32));
    const names = Object.keys(model.parameters({ trainable: true })).filter((path) => /qkv/.test(path));
    expect(names).toEqual([
      `${qkv[0]}.lora.A`,
      `${qkv[0]}.lora.B`,
      `${qkv[0]}.lora.R`,
      `${qkv[1]}.lora.R`,
      `${qkv[2]}.lora.A`,
      `${qkv[2]}.lora.R`,
    ]);
    // Layers of one name and other shapes are of another kind.
    const shapes = lily(new MLP({ sizes: [4, 4, 4, 2], key }), { rank: 1 }).adapted;
    expect(shapes.map(({ up }) => up)).toEqual(['layers.0', 'layers.0', 'layers.2']);
    expect(shapes.map(({ down }) => down)).toEqual(['layers.0', 'layers.1', 'layers.2']);
  });

  it('draws A and R from seed and path, uniform in ±1/√fan', () => {
    const made = (seed: number) => {
      const layer = new Linear(64, 8, { key });
      lily(layer, { rank: 16, experts: 16, seed });
      const { 'lora.A': A = [], 'lora.R': R = [] } = open(layer.parameters());
      return { A, R };
    };
    const { A, R } = made(3);
    expect(made(3)).toEqual({ A, R });
    for (const [factor, other, fan] of [
      [A, made(4).A, 64],
      [R, made(4).R, 16],
    ] as const) {
      const largest = Math.max(...factor.map(Math.abs));
      expect(largest).toBeLessThanOrEqual(1 / Math.sqrt(fan));
      expect(largest).toBeGreaterThan(0.9 / Math.sqrt(fan)); // of at least 256 numbers: missed with chance 0.9^256 = 2e-12
      expect(other).not.toEqual(factor);
    }
    expect(drawnAlike(A, R)).toBe(false);
    const { 'lora.B': B } = (() => {
      const layer = layerOf();
      lily(layer);
      return layer.parameters();
    })();
    expect(B?.shape).toEqual([2, 32, n]);
  });

  it('drops what the adapter sees, not what the weight sees, where forward gets a key', () => {
    const layer = layerOf();
    lily(layer, { rank: r, dropout: 1 });
    const before = numbers(layer.forward(x));
    scatter(layer, random.key(2), /lora/);
    expect(numbers(layer.forward(x, { key }))).toEqual(before);
    expect(numbers(layer.forward(x))).not.toEqual(before);
  });

  it.each([
    ['options/range', { rank: 0 }],
    ['options/range', { experts: 0 }],
    ['options/range', { stride: 1.5 }],
    ['options/type', { router: 1 as unknown as boolean }],
    ['options/range', { scale: Number.NaN }],
  ])('refuses with %s: %o, and hangs in nothing', (code, options) => {
    const layer = layerOf();
    expect(() => lily(layer, options)).toThrow(code);
    expect(layer.lora).toBeNull();
    expect(() => lily(new Embedding(4, 4, { key }))).toThrow(/adapter\/no-match.*whose input is ids/);
  });
});
