import { describe, expect, it } from 'vitest';
import {
  adam,
  auroRa,
  Embedding,
  eye,
  Linear,
  mergeAdapters,
  ones,
  random,
  type Tensor,
  tensor,
  trainer,
  zeros,
} from '../../../src/index';
import { drawnAlike, expectNear, numbers, open, scatter, times, transposed } from './cases';

const [n, m, r] = [5, 4, 3];
const key = random.key(0);
const layerOf = (): Linear => new Linear(m, n, { key: random.key(1) });
const x = random.normal(random.key(3), [2, 3, m]);

/** The cubic B-splines on knots from −2.2 in steps of 0.4, by the recursion of Cox and de Boor, in float64. */
function splines(z: number): number[] {
  const knots = Array.from({ length: 12 }, (_, i) => -2.2 + 0.4 * i) as number[];
  const at = (i: number): number => knots[i] as number;
  let values = Array.from({ length: 11 }, (_, i) => (z >= at(i) && z < at(i + 1) ? 1 : 0)) as number[];
  for (let degree = 1; degree <= 3; degree++)
    values = Array.from(
      { length: 11 - degree },
      (_, i) =>
        ((z - at(i)) / (at(i + degree) - at(i))) * (values[i] as number) +
        ((at(i + degree + 1) - z) / (at(i + degree + 1) - at(i + 1))) * (values[i + 1] as number),
    );
  return values;
}

/** A layer of which the adapter is K·Σ b alone: W = 0, A = 1, Q = 0, B = 1 and K = the unit matrix, [1] → [8]. */
function splineLayer(): Linear {
  const layer = new Linear(1, 8, { bias: false, key });
  auroRa(layer, { rank: 8, alpha: 8 });
  // Eight equal components, each an eighth of the sum.
  const values = { 'lora.A': ones([8, 1]), 'lora.B': eye(8).mul(1 / 8), 'lora.Q': zeros([8, 8]), 'lora.K': eye(8) };
  layer.load({ weight: zeros([8, 1]), ...values });
  return layer;
}

describe('AuroRA', () => {
  it('computes with s·N(x·Aᵀ)·Bᵀ', () => {
    const layer = layerOf();
    const { adapted, trainable } = auroRa(layer, { rank: r, alpha: 4.5 });
    expect(adapted).toEqual([{ path: '', shape: [n, m], rank: r, scale: 1.5 }]);
    expect(trainable).toBe(r * (n + m) + r * (r + 8));
    const plain = numbers(layer.forward(x));
    scatter(layer, random.key(2), /lora/);
    const { 'lora.A': A = [], 'lora.B': B = [], 'lora.Q': Q = [], 'lora.K': K = [] } = open(layer.parameters());
    const z = times(numbers(x), transposed(A, m), m);
    const first = times(z.map(Math.tanh), transposed(Q, r), r).map(Math.tanh);
    const sums = Array.from({ length: z.length / r }, (_, i) =>
      z
        .slice(i * r, (i + 1) * r)
        .map(splines)
        .reduce((a, b) => a.map((value, k) => value + (b[k] as number))),
    ).flat();
    const second = times(sums, transposed(K, 8), 8);
    const moved = times(
      first.map((value, i) => 1.5 * (value + (second[i] as number))),
      transposed(B, r),
      r,
    );
    // Four products in a row, two tanh, and splines whose cubes are at most 8 times as large as they are.
    expectNear(
      numbers(layer.forward(x)),
      plain.map((y, i) => y + (moved[i] as number)),
      16,
    );
  });

  it('has the eight cubic B-splines, which are 1 together in [−1, 1] and 0 from ±2.2 on', () => {
    const layer = splineLayer();
    const points = [-3, -2.2, -1.7, -1, -0.61, -0.2, 0, 0.35, 0.99, 1.5, 2.1, 2.2, 40];
    const values = numbers(layer.forward(tensor(points).reshape([-1, 1])));
    const rows = points.map((_, i) => values.slice(8 * i, 8 * i + 8));
    // Cubes of numbers up to 2, which were rounded after a division by 0.4 of numbers up to 3.6, times 4 and over 6.
    rows.forEach((row, i) => {
      const expected = splines(points[i] as number);
      row.forEach((value, k) => {
        expect(Math.abs(value - (expected[k] as number)), `${points[i]}, ${k}`).toBeLessThan(2 ** -19);
      });
    });
    const together = rows.map((row) => row.reduce((a, b) => a + b, 0));
    for (const [i, z] of points.entries()) {
      if (Math.abs(z) <= 1) expect(together[i]).toBeCloseTo(1, 5);
      if (Math.abs(z) > 2.2) expect(together[i]).toBe(0);
    }
  });

  it('sums the splines over the components, so that their order does not matter to them', () => {
    const layer = new Linear(3, 3, { bias: false, key });
    auroRa(layer, { rank: 3, alpha: 3 });
    const values = { 'lora.A': eye(3), 'lora.B': eye(3), 'lora.Q': zeros([3, 3]) };
    const K = random.normal(key, [3, 8]);
    layer.load({ weight: zeros([3, 3]), ...values, 'lora.K': K });
    const at = (z: number[]): number[] => numbers(layer.forward(tensor(z)));
    expectNear(at([0.3, -0.7, 0.9]), at([0.9, 0.3, -0.7]), 2);
  });

  it('starts with B = 0, so that no bit of the output changes, and learns', () => {
    const layer = layerOf();
    const before = numbers(layer.forward(x));
    auroRa(layer, { rank: r });
    expect(open(layer.parameters())['lora.B']?.every((value) => value === 0)).toBe(true);
    expect(numbers(layer.forward(x))).toEqual(before);
    const y = random.normal(random.key(4), [2, 3, n]);
    const loss = (): Tensor => layer.forward(x).sub(y).square().mean();
    const first = loss().dataSync()[0] as number;
    const training = trainer({ model: layer, transform: adam({ learningRate: 0.05 }), loss, seed: 0 });
    for (let step = 0; step < 20; step++) training.step(undefined);
    expect(loss().dataSync()[0]).toBeLessThan(0.8 * first);
    expect(auroRa(layerOf(), { rank: 4, alpha: 6, rankStabilized: true }).adapted[0]?.scale).toBe(3);
  });

  it('cannot be merged: twice the input does not give twice the change', () => {
    const layer = layerOf();
    auroRa(layer, { rank: r });
    scatter(layer, random.key(2), /lora/);
    const plain = layerOf();
    const change = (scale: number): number[] => {
      const of = (one: Linear): number[] => numbers(one.forward(x.mul(scale)));
      const [all, weight] = [of(layer), of(plain)];
      return all.map((value, i) => value - (weight[i] as number));
    };
    const [one, two] = [change(1), change(2)];
    expect(Math.max(...two.map((value, i) => Math.abs(value - 2 * (one[i] as number))))).toBeGreaterThan(0.1);
    expect(() => mergeAdapters(layer)).toThrow('merge/not-linear');
  });

  it('draws from seed and path: A and Q uniform in ±1/√fan, K of deviation 0.1', () => {
    const made = (seed: number) => {
      const layer = new Linear(64, 8, { key });
      auroRa(layer, { rank: 100, seed });
      const { 'lora.A': A = [], 'lora.Q': Q = [], 'lora.K': K = [] } = open(layer.parameters());
      return { A, Q, K };
    };
    const [{ A, Q, K }, other] = [made(3), made(4)];
    expect(made(3)).toEqual({ A, Q, K });
    for (const name of ['A', 'Q', 'K'] as const) expect(other[name]).not.toEqual({ A, Q, K }[name]);
    for (const [factor, fan] of [
      [A, 64],
      [Q, 100],
    ] as const) {
      const largest = factor.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largest).toBeLessThanOrEqual(1 / Math.sqrt(fan));
      expect(largest).toBeGreaterThan(0.99 / Math.sqrt(fan)); // of at least 6400 numbers: missed with chance 0.99^6400 < 1e-27
    }
    expect(drawnAlike(A, Q)).toBe(false);
    // 800 squares of standard normal numbers, as Laurent and Massart bound their mean: beyond with a chance below 1e-9.
    const mean = K.reduce((sum, value) => sum + (value / 0.1) ** 2, 0) / K.length;
    expect(mean).toBeGreaterThan(1 - 2 * Math.sqrt(21.5 / 800));
    expect(mean).toBeLessThan(1 + 2 * Math.sqrt(21.5 / 800) + (2 * 21.5) / 800);
  });

  it('drops what the adapter sees, not what the weight sees, where forward gets a key', () => {
    const layer = layerOf();
    auroRa(layer, { rank: r, dropout: 1 });
    scatter(layer, random.key(2), /lora/);
    const plain = numbers(layerOf().forward(x));
    const change = numbers(layer.forward(x, { key })).map((value, i) => value - (plain[i] as number));
    // N(0) is what is left, the same for all rows.
    for (let i = n; i < change.length; i++) expect(change[i]).toBeCloseTo(change[i % n] as number, 5);
    expect(numbers(layer.forward(x))).not.toEqual(numbers(layer.forward(x, { key })));
  });

  it.each([
    ['options/range', { rank: 0 }],
    ['options/range', { dropout: 2 }],
    ['options/unknown', { grid: 5 } as object],
  ])('refuses with %s: %o, and hangs in nothing', (code, options) => {
    const layer = layerOf();
    expect(() => auroRa(layer, options)).toThrow(code);
    expect(layer.lora).toBeNull();
    expect(() => auroRa(new Embedding(4, 4, { key }))).toThrow(/adapter\/no-match.*whose input is ids/);
  });
});
