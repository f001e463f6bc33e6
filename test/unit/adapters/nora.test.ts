import { describe, expect, it } from 'vitest';
import { adam, Embedding, Linear, MLP, mergeAdapters, nora, random, type Tensor, trainer } from '../../../src/index';
import { singularValues } from '../../support/singular-values';
import { differences, drawnAlike, expectNear, numbers, open, rankOf, scatter, times, transposed } from './cases';

const [n, m, r, k] = [6, 8, 4, 2];
const key = random.key(0);
const layerOf = (): Linear => new Linear(m, n, { key: random.key(1) });
const x = random.normal(random.key(3), [7, m]);

function factorsOf(layer: Linear) {
  const { 'lora.A': A = [], 'lora.B': B = [], 'lora.d': d = [], ...rest } = open(layer.parameters());
  return { A, B, d, outerA: rest['lora.outerA'] ?? [], outerB: rest['lora.outerB'] ?? [] };
}

/** s·Bₒ·B·diag(d)·A·Aₒ in float64. */
function explicit(layer: Linear, scale: number): number[] {
  const { A, B, d, outerA, outerB } = factorsOf(layer);
  const [rank, inner] = [outerA.length / m, d.length];
  const down = times(A, outerA, rank).map((value, i) => value * scale * (d[Math.floor(i / m)] as number));
  return times(times(outerB, B, rank), down, inner);
}

describe('NoRA', () => {
  it('takes the leading singular vectors and values of the weight, and leaves the weight as it is', () => {
    const layer = layerOf();
    const weight = numbers(layer.weight);
    nora(layer, { rank: r, inner: k });
    expect(numbers(layer.weight)).toEqual(weight);
    const { outerA, outerB } = factorsOf(layer);
    const sigma = singularValues(weight, [n, m]);
    // Rows of Vᵀ are orthonormal, columns of U·Σ orthogonal and as long as the singular values.
    const gram = times(outerA, transposed(outerA, m), m);
    const columns = times(transposed(outerB, r), outerB, n);
    const diagonal = (values: readonly number[]): number[] =>
      Array.from({ length: r * r }, (_, i) => (i % (r + 1) === 0 ? (values[i / (r + 1)] as number) : 0));
    // Each element of a factor is rounded once.
    expectNear(gram, diagonal(Array(r).fill(1)), 8);
    expectNear(columns, diagonal(sigma.slice(0, r).map((value) => value ** 2)), 8);
    // What they leave of the weight has the rest of its singular values, so no other product of rank r is nearer.
    const rest = singularValues(differences(weight, times(outerB, outerA, r)), [n, m]);
    expectNear([sigma[0] as number, ...rest.slice(0, n - r)], [sigma[0] as number, ...sigma.slice(r)], 8);
  });

  it('computes with s·(U·Σ)·B·diag(d)·A·Vᵀ, of the rank k, and merges that', () => {
    const layer = layerOf();
    const { adapted, trainable } = nora(layer, { rank: r, inner: k, alpha: 3 });
    expect(adapted).toEqual([{ path: '', shape: [n, m], rank: k, scale: 1.5 }]); // α/√r
    expect(trainable).toBe(2 * r * k + k);
    const bare = numbers(new Linear(m, n, { key: random.key(1) }).forward(x));
    scatter(layer, random.key(2), /lora\.[ABd]/);
    const change = explicit(layer, 1.5);
    const moved = times(numbers(x), transposed(change, m), m);
    // A chain of five products of at most 8 terms, each rounded at the size of its terms.
    expectNear(
      numbers(layer.forward(x)),
      bare.map((y, i) => y + (moved[i] as number)),
      8,
    );
    const before = numbers(layer.weight);
    mergeAdapters(layer);
    expectNear(
      numbers(layer.weight),
      before.map((w, i) => w + (change[i] as number)),
      8,
    );
    expect(rankOf(change, [n, m])).toBe(k);
  });

  it('starts with a change of some 10⁻¹¹, which float32 does not see', () => {
    const layer = layerOf();
    const before = numbers(layer.forward(x));
    nora(layer, { rank: r, inner: k, alpha: 2 }); // s = 1
    const { d, A, B } = factorsOf(layer);
    expect(d).toEqual(Array(k).fill(Math.fround(0.1)));
    const largest = Math.max(...[...A, ...B].map(Math.abs));
    const change = Math.max(...explicit(layer, 1).map(Math.abs));
    // k terms of d·(largest)², between vectors of length 1 and √r numbers, times the largest singular value.
    const sigma = singularValues(numbers(layer.weight), [n, m])[0] as number;
    expect(change).toBeLessThanOrEqual(k * 0.1001 * r * largest ** 2 * sigma);
    expect(change).toBeGreaterThan(1e-13); // not zero
    expectNear(numbers(layer.forward(x)), before, 1); // one rounding more
  });

  it('draws B and A from N(0, 10⁻¹⁰), of seed and path', () => {
    const made = (seed: number, path: 0 | 1 = 0): number[] => {
      const model = new MLP({ sizes: [20, 20, 20], key });
      nora(model, { rank: 20, inner: 20, seed });
      const { [`layers.${path}.lora.A`]: A = [], [`layers.${path}.lora.B`]: B = [] } = open(model.parameters());
      return [...A, ...B];
    };
    const drawn = made(3);
    expect(made(3)).toEqual(drawn);
    expect(made(4)).not.toEqual(drawn);
    expect(made(3, 1)).not.toEqual(drawn);
    expect(drawnAlike(drawn, drawn.slice(400))).toBe(false);
    // 800 squares of standard normal numbers: the mean is off 1 by 6.5 deviations of √(2/800), or more, with a chance below
    // 1e-9 (Laurent and Massart: above by 2√(t/800) + 2t/800, below by 2√(t/800), with e^−t each; t = 21.5).
    const mean = drawn.reduce((sum, value) => sum + (value / 1e-5) ** 2, 0) / drawn.length;
    expect(mean).toBeGreaterThan(1 - 2 * Math.sqrt(21.5 / 800));
    expect(mean).toBeLessThan(1 + 2 * Math.sqrt(21.5 / 800) + (2 * 21.5) / 800);
  });

  it('keeps the outer factors to the bit while it learns', () => {
    const layer = layerOf();
    nora(layer, { rank: r, inner: k });
    const before = factorsOf(layer);
    expect(Object.keys(layer.parameters({ trainable: true }))).toEqual(['lora.A', 'lora.B', 'lora.d']);
    const y = random.normal(random.key(4), [7, n]);
    const loss = (): Tensor => layer.forward(x).sub(y).square().mean();
    const first = loss().dataSync()[0] as number;
    const training = trainer({ model: layer, transform: adam({ learningRate: 0.1 }), loss, seed: 0 });
    for (let step = 0; step < 30; step++) training.step(undefined);
    expect(loss().dataSync()[0]).toBeLessThan(0.9 * first);
    const after = factorsOf(layer);
    expect([after.outerA, after.outerB]).toEqual([before.outerA, before.outerB]);
    for (const name of ['A', 'B', 'd'] as const) expect(after[name], name).not.toEqual(before[name]);
  });

  it('has rank 64, a fortieth of the rank inside and α = 8 unless it is told otherwise', () => {
    const square = (extent: number): Linear => new Linear(extent, extent, { key });
    expect(nora(square(64)).adapted[0]).toMatchObject({ rank: 1, scale: 1 });
    expect(nora(square(64)).trainable).toBe(2 * 64 + 1);
    expect(nora(square(80), { rank: 80 }).adapted[0]?.rank).toBe(2);
    expect(nora(square(40), { rank: 8 }).adapted[0]?.rank).toBe(1);
  });

  it('leaves a weight alone that has too few singular vectors, and an embedding', () => {
    const model = new MLP({ sizes: [8, 8, 3], key });
    const { adapted, untouched } = nora(model, { rank: 4 });
    expect(adapted.map(({ path }) => path)).toEqual(['layers.0']);
    expect(untouched.find(({ path }) => path === 'layers.1.weight')?.reason).toBe(
      'a weight of fewer than 4 rows or columns, the rank',
    );
    expect(() => nora(layerOf())).toThrow(/adapter\/no-match.*fewer than 64 rows/);
    expect(() => nora(new Embedding(4, 4, { key }))).toThrow(/adapter\/no-match.*whose input is ids/);
  });

  it('drops what the adapter sees, not what the weight sees, where forward gets a key', () => {
    const layer = layerOf();
    nora(layer, { rank: r, dropout: 1 });
    const bare = numbers(new Linear(m, n, { key: random.key(1) }).forward(x));
    scatter(layer, random.key(2), /lora/);
    expect(numbers(layer.forward(x, { key }))).toEqual(bare);
    expect(numbers(layer.forward(x))).not.toEqual(bare);
  });

  it.each([
    ['options/range', { rank: 0 }],
    ['options/range', { rank: 4, inner: 5 }],
    ['options/range', { rank: 4, inner: 0 }],
    ['options/unknown', { rankStabilized: true } as object],
  ])('refuses with %s: %o, and hangs in nothing', (code, options) => {
    const layer = layerOf();
    expect(() => nora(layer, options)).toThrow(code);
    expect(layer.lora).toBeNull();
  });
});
