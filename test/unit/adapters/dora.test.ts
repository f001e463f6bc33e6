import { describe, expect, it } from 'vitest';
import {
  dora,
  Embedding,
  gradCheck,
  Linear,
  type LowRankAdapter,
  lora,
  MLP,
  mergeAdapters,
  mul,
  noGrad,
  orthonormal,
  pissa,
  random,
  removeAdapters,
  sum,
  type Tensor,
  tensor,
  unmergeAdapters,
  valueAndGrad,
} from '../../../src/index';
import { expectNear, factorsOf, numbers, scatter, times, transposed } from './cases';

const [n, m, r, s] = [6, 9, 3, 2];
const x = random.normal(random.key(1), [5, m]);
const D = random.normal(random.key(2), [5, n]);
const layerOf = (): Linear => new Linear(m, n, { key: random.key(3) });
const magnitudeOf = (layer: Linear): Tensor => layer.parameters()['lora.magnitude'] as Tensor;

/** A layer with an adapter that was trained. */
function trained(options: Parameters<typeof dora>[1] = {}): Linear {
  const layer = layerOf();
  dora(layer, { rank: r, alpha: s * r, ...options });
  scatter(layer, random.key(5), /lora/);
  return layer;
}

/** All that the formulas are made of, in float64: V = W + s·B·A, its norms, k, and G = Dᵀ·X. */
function parts(layer: Linear) {
  const { A, B } = factorsOf(layer);
  const [W, a, b, mu] = [numbers(layer.weight), numbers(A), numbers(B), numbers(magnitudeOf(layer))];
  const product = times(b, a, r);
  const V = W.map((w, i) => w + s * (product[i] as number));
  const row = (list: readonly number[], i: number): number[] => list.slice(i * m, (i + 1) * m);
  const nu = mu.map((_, i) => Math.hypot(...row(V, i)));
  const k = mu.map((v, i) => v / (nu[i] as number));
  const G = times(transposed(numbers(D), n), numbers(x), 5);
  const rowsTimes = (list: readonly number[], factors: readonly number[]): number[] =>
    list.map((v, i) => v * (factors[Math.floor(i / m)] as number));
  return { W, A: a, B: b, mu, V, nu, k, G, Gk: rowsTimes(G, k), kV: rowsTimes(V, k), row };
}

const gradients = (layer: Linear) => {
  const params = { ...layer.parameters({ trainable: true }), x };
  return valueAndGrad(() => sum(mul(layer.forward(x), D)), params).grads as Record<string, Tensor>;
};

describe('the start', () => {
  const start = (init: Parameters<typeof dora>[1]): [number[], number[], Linear] => {
    const layer = layerOf();
    const before = numbers(noGrad(() => layer.forward(x)));
    dora(layer, { rank: r, alpha: s * r, ...init });
    return [numbers(noGrad(() => layer.forward(x))), before, layer];
  };

  it.each([
    ['kaiming', {}],
    ['PiSSA', { init: pissa() }],
    ['orthonormal rows', { init: orthonormal() }],
  ])('from %s leaves the function, with the norms of the rows as magnitudes', (_, init) => {
    const [after, before, layer] = start(init);
    expectNear(after, before, 16);
    const { nu } = parts(layer);
    expectNear(numbers(magnitudeOf(layer)), nu, 16);
  });

  it('of any A and B is the function of W + s·B·A where they are not taken out of the weight', () => {
    const A = random.normal(random.key(7), [r, m]);
    const B = random.normal(random.key(8), [n, r]);
    const plain = layerOf();
    lora(plain, { rank: r, alpha: s * r, init: () => ({ A, B, compensated: false }) });
    const [after, , layer] = start({ init: () => ({ A, B, compensated: false }) });
    expectNear(after, numbers(plain.forward(x)), 32);
    expect(numbers(layer.weight)).toEqual(numbers(layerOf().weight));
    const [same, before] = start({ init: () => ({ A, B }) });
    expectNear(same, before, 64);
  });

  it('leaves a row of zeros zero, and its function a number', () => {
    const layer = layerOf();
    const weight = numbers(layer.weight).map((w, i) => (i < m ? 0 : w));
    layer.load({ ...layer.state(), weight: tensor(weight, { shape: [n, m] }) });
    const before = numbers(layer.forward(x));
    dora(layer, { rank: r });
    expectNear(numbers(layer.forward(x)), before, 16);
  });

  it('trains A, B and the magnitudes, r·(n + m) + n numbers, of Linear layers alone', () => {
    const layer = layerOf();
    expect(dora(layer, { rank: r })).toMatchObject({
      trainable: r * (n + m) + n,
      adapted: [{ rank: r, scale: 8 / r }],
    });
    expect(() => dora(new Embedding(4, 3, { key: random.key(0) }))).toThrow(/not a Linear, for which alone dora/);
    const model = new MLP({ sizes: [4, 4, 2], key: random.key(0) });
    dora(model, { rank: 2, alpha: 4, rankStabilized: true, match: 'layers.1' });
    expect(Object.keys(model.parameters({ trainable: true }))).toEqual(
      ['A', 'B', 'magnitude'].map((name) => `layers.1.lora.${name}`),
    );
    expect(model.layers[1]?.lora).toMatchObject({ scale: 4 / Math.sqrt(2) });
  });

  it('draws A from the seed', () => {
    const drawn = (seed: number): number[] => numbers(factorsOf(start({ seed })[2]).A);
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
  });
});

describe('a trained one', () => {
  it('computes X·(diag(k)·V)ᵀ + b', () => {
    const layer = trained();
    const y = times(numbers(x), transposed(parts(layer).kV, m), m);
    const bias = numbers(layer.bias as Tensor);
    expectNear(
      numbers(layer.forward(x)),
      y.map((v, i) => v + (bias[i % n] as number)),
      32,
    );
  });

  it('has the gradients with a constant norm: s·Bᵀ·G_k, s·G_k·Aᵀ, ⟨G_i, V_i⟩/ν_i and D·diag(k)·V', () => {
    const layer = trained();
    const grads = gradients(layer);
    const { A, B, Gk, G, V, nu, kV, row } = parts(layer);
    const scaled = (list: number[]): number[] => list.map((v) => s * v);
    expectNear(numbers(grads['lora.A']), scaled(times(transposed(B, r), Gk, n)), 64);
    expectNear(numbers(grads['lora.B']), scaled(times(Gk, transposed(A, m), m)), 64);
    const along = nu.map((v, i) => row(G, i).reduce((sum, g, j) => sum + g * (row(V, i)[j] as number), 0) / v);
    expectNear(numbers(grads['lora.magnitude']), along, 64);
    expectNear(numbers(grads.x), times(numbers(D), kV, n), 64);
  });

  it('fails a check by differences for A and B, and passes it for the magnitudes and x', async () => {
    const layer = trained();
    const own = layer.parameters({ trainable: true });
    const loss = (): Tensor => sum(mul(layer.forward(x), D));
    for (const path of ['lora.A', 'lora.B']) {
      const { passed } = await gradCheck(loss, { [path]: own[path] as Tensor });
      expect([path, passed]).toEqual([path, false]);
    }
    expect((await gradCheck(loss, { magnitude: magnitudeOf(layer), x })).passed).toBe(true);
  });

  it('with k = 1 is LoRA, in its function and its gradients of A and B', () => {
    const layer = trained();
    const { nu } = parts(layer);
    layer.load({ ...layer.state(), 'lora.magnitude': tensor(nu) });
    const plain = layerOf();
    lora(plain, { rank: r, alpha: s * r });
    const { A, B } = factorsOf(layer);
    plain.load({ ...plain.state(), 'lora.A': A, 'lora.B': B });
    expectNear(numbers(layer.forward(x)), numbers(plain.forward(x)), 32);
    const [ours, theirs] = [gradients(layer), gradients(plain)];
    for (const name of ['lora.A', 'lora.B', 'x']) expectNear(numbers(ours[name]), numbers(theirs[name]), 64);
  });

  it('merges diag(k)·V at every fraction, as W + f·(diag(k)·V − W), and cannot be unmerged', () => {
    for (const fraction of [0, 0.3, 1]) {
      const layer = trained();
      const { W, kV } = parts(layer);
      const adapter = layer.lora as LowRankAdapter;
      expectNear(
        numbers(adapter.mergedInto(layer.weight, fraction)),
        W.map((w, i) => w + fraction * ((kV[i] as number) - w)),
        16,
      );
    }
    const layer = trained();
    const [before, { mu }] = [numbers(layer.forward(x)), parts(layer)];
    mergeAdapters(layer);
    expectNear(numbers(layer.forward(x)), before, 32);
    // The rows are as long as the magnitudes now: their own lengths are forgotten.
    const lengths = mu.map((_, i) => Math.hypot(...numbers(layer.weight).slice(i * m, (i + 1) * m)));
    expectNear(lengths, mu.map(Math.abs), 16);
    expect(() => unmergeAdapters(layer)).toThrow(expect.objectContaining({ code: 'merge/one-way' }));
    removeAdapters(layer);
    expectNear(numbers(layer.forward(x)), before, 32);
  });
});

describe('dropout', () => {
  it('drops x in the low-rank term and in (k − 1) ⊙ x·Wᵀ, not in x·Wᵀ itself', () => {
    const layer = trained({ dropout: 0.5 });
    const { W, k } = parts(layer);
    const y = numbers(layer.forward(x, { key: random.key(9) }));
    const bias = numbers(layer.bias as Tensor);
    // The dropped x: what LoRA's forward makes of the same key and rate with W = 0, B = (identity, 0) … read off A.
    const probe = new Linear(m, n, { key: random.key(3) });
    lora(probe, { rank: r, alpha: r, dropout: 0.5 });
    probe.load({
      weight: probe.weight.mul(0),
      bias: tensor(bias.map(() => 0)),
      'lora.A': factorsOf(layer).A,
      'lora.B': factorsOf(layer).B,
    });
    const lowRank = numbers(probe.forward(x, { key: random.key(9) })); // dropped·Aᵀ·Bᵀ
    const whole = new Linear(m, n, { key: random.key(3) });
    lora(whole, { rank: n, alpha: n, dropout: 0.5 });
    const eye = Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
    whole.load({
      weight: whole.weight.mul(0),
      bias: tensor(bias.map(() => 0)),
      'lora.A': layer.weight,
      'lora.B': tensor(eye, { shape: [n, n] }),
    });
    const dropped = numbers(whole.forward(x, { key: random.key(9) })); // dropped·Wᵀ
    const base = times(numbers(x), transposed(W, m), m);
    const expected = base.map((v, i) => {
      const [kk, b] = [k[i % n] as number, bias[i % n] as number];
      return v + b + (kk - 1) * (dropped[i] as number) + kk * s * (lowRank[i] as number);
    });
    expectNear(y, expected, 64);
    expect(y).not.toEqual(numbers(layer.forward(x)));
  });

  it('does nothing without a key, or at rate 0', () => {
    const layer = trained({ dropout: 0.5 });
    expectNear(numbers(layer.forward(x)), numbers(trained().forward(x)), 0);
    expectNear(numbers(trained().forward(x, { key: random.key(9) })), numbers(trained().forward(x)), 0);
  });
});
