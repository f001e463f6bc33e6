import { describe, expect, it } from 'vitest';
import {
  type Factors,
  goraStart,
  Linear,
  type LoraOptions,
  lora,
  mseLoss,
  mul,
  noGrad,
  orthonormal,
  pissa,
  random,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
} from '../../../src/index';
import { singularValues } from '../../support/singular-values';
import { differences, expectNear, factorsOf, numbers, times, transposed } from './cases';

const [n, m, rank] = [7, 10, 4];
const alpha = 6;
const s = alpha / rank;
const x = random.normal(random.key(1), [12, m]);
const y = random.normal(random.key(2), [12, n]);
const layerOf = (): Linear => new Linear(m, n, { key: random.key(3) });
const outputOf = (layer: Linear): number[] => numbers(noGrad(() => layer.forward(x)));

function started(init: LoraOptions['init'], more: LoraOptions = {}) {
  const layer = layerOf();
  lora(layer, { rank, alpha, init, ...more });
  const { A, B } = factorsOf(layer);
  return { layer, A: numbers(A), B: numbers(B), weight: numbers(layer.weight) };
}
const W = numbers(layerOf().weight);
const identity = (size: number, by = 1): number[] =>
  Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? by : 0));
/** A·Aᵀ [r, r] and Bᵀ·B [r, r]. */
const gramOf = (A: number[]): number[] => times(A, transposed(A, m), m);
const gramUp = (B: number[]): number[] => times(transposed(B, rank), B, n);

describe('pissa', () => {
  it('leaves the function, and the weight with s·B·A is what it was', () => {
    const { layer, A, B, weight } = started(pissa());
    expectNear(outputOf(layer), outputOf(layerOf()), 32);
    const product = times(B, A, rank);
    expectNear(
      weight.map((w, i) => w + s * (product[i] as number)),
      W,
      8,
    );
  });

  it('takes the leading components: what is left has the spectrum σ_{r+1}, …', () => {
    const { weight } = started(pissa());
    const [all, left] = [singularValues(W, [n, m]), singularValues(weight, [n, m])];
    expectNear([...left.slice(0, n - rank), all[0] as number], [...all.slice(rank), all[0] as number], 16);
    for (const value of left.slice(n - rank)) expect(value).toBeLessThan(1e-5);
  });

  it('is balanced: AAᵀ = BᵀB = Σ_r/s, so that factors are smaller by √s', () => {
    const values = singularValues(W, [n, m]).slice(0, rank);
    for (const scale of [1, 4]) {
      const { A, B } = started(pissa(), { alpha: scale * rank });
      const expected = identity(rank).map((v, i) => (v * (values[i % rank] as number)) / scale);
      expectNear(gramOf(A), expected, 32);
      expectNear(gramUp(B), expected, 32);
    }
  });

  it('from a random range is nearly this, with the function kept all the same', () => {
    const { layer, A } = started(pissa({ iterations: 8 }));
    expectNear(outputOf(layer), outputOf(layerOf()), 32);
    const exact = started(pissa());
    const across = times(A, transposed(exact.A, m), m);
    const sizes = gramOf(exact.A);
    for (let i = 0; i < rank; i++) {
      const at = i * (rank + 1);
      expect(Math.abs(across[at] as number) / (sizes[at] as number)).toBeGreaterThan(0.99);
    }
    // Without iterations, and with a range that is no whole space, other draws give other factors.
    const drawn = (seed: number): number[] => {
      const layer = new Linear(24, 20, { key: random.key(3) });
      lora(layer, { rank: 2, init: pissa({ iterations: 0 }), seed });
      return numbers(factorsOf(layer).A);
    };
    expect(drawn(1)).toEqual(drawn(1));
    const first = (list: number[]): number => Math.hypot(...list.slice(0, 24)); // √(σ₁/s), nearly
    expect(Math.abs(first(drawn(1)) / first(drawn(2)) - 1)).toBeGreaterThan(1e-3);
  });

  it('refuses a rank above that of the weight, and α that is not positive', () => {
    expect(() => started(pissa(), { rank: 8 })).toThrow(/options\/range/);
    expect(() => started(pissa(), { alpha: 0 })).toThrow(/options\/range/);
  });
});

describe('orthonormal', () => {
  it('has orthonormal rows in A and zeros in B', () => {
    const { layer, A, B, weight } = started(orthonormal());
    expectNear(gramOf(A), identity(rank), 16);
    expect(B.every((b) => b === 0)).toBe(true);
    expect(weight).toEqual(W);
    expectNear(outputOf(layer), outputOf(layerOf()), 4);
  });

  it('draws directions that are uniform: the mean of AᵀA over seeds is r/m·I', () => {
    // The variance of an entry of the projection AᵀA is at most 2r(m − r)/(m²(m + 2)) = 0.04; z = 6.5 for each of its 100
    // means of 400: a false alarm for 8e-11 of all seeds.
    const draws = 400;
    const total = new Array(m * m).fill(0);
    for (let seed = 0; seed < draws; seed++) {
      const made = orthonormal()({ path: '', shape: [n, m], rank, scale: s, key: random.key(seed), stage: 0 });
      const A = numbers(made.A);
      for (const [i, v] of times(transposed(A, m), A, rank).entries()) total[i] += v / draws;
    }
    const sigma = Math.sqrt((2 * rank * (m - rank)) / (m ** 2 * (m + 2)) / draws);
    for (const [i, v] of total.entries())
      expect(Math.abs(v - (i % (m + 1) === 0 ? rank / m : 0))).toBeLessThan(6.5 * sigma);
  });

  it('with plain gradients moves W first by −η·s²·G·P, P the projection on the rows of A', () => {
    const { layer, A } = started(orthonormal());
    const params = layer.parameters({ trainable: true });
    const loss = (): Tensor => mseLoss(layer.forward(x), y);
    const { grads } = valueAndGrad(loss, { ...params, weight: layer.weight });
    const step = times(numbers(grads['lora.B' as keyof typeof grads]), A, rank).map((v) => s * v);
    const projected = times(times(numbers(grads.weight), transposed(A, m), m), A, rank);
    expectNear(
      step,
      projected.map((v) => s * s * v),
      64,
    );
  });

  it("with both has B·A = 0, the weight as it was, and numbers in both factors of PEFT's size", () => {
    const { A, B, weight, layer } = started(orthonormal({ both: true }));
    expect(weight).toEqual(W);
    const product = times(B, A, rank);
    const size = Math.max(...A.map(Math.abs)) * Math.max(...B.map(Math.abs)) * rank;
    for (const v of product) expect(Math.abs(v)).toBeLessThan(8 * 2 ** -23 * size);
    expectNear(outputOf(layer), outputOf(layerOf()), 16);
    const { grads } = valueAndGrad(() => mseLoss(layer.forward(x), y), layer.parameters({ trainable: true }));
    for (const gradient of Object.values(grads)) expect(numbers(gradient).some((g) => g !== 0)).toBe(true);
    // A column of A is Q_Aᵀ·z/10 with r/2 normal numbers z: 100·‖A‖² is χ² with m·r/2 = 800 degrees of freedom for m = 400.
    // Within 360 of it but for 1e-12 (Laurent and Massart, t = 28).
    const wide = orthonormal({ both: true })({
      path: '',
      shape: [400, 400],
      rank,
      scale: s,
      key: random.key(4),
      stage: 0,
    });
    for (const factor of [wide.A, wide.B as Tensor]) {
      const norm = 100 * numbers(factor).reduce((sum, v) => sum + v * v, 0);
      expect(Math.abs(norm - 800)).toBeLessThan(360);
    }
  });

  it('refuses more rows than columns, and an odd rank with both', () => {
    expect(() => started(orthonormal(), { rank: 11 })).toThrow(/options\/range/);
    expect(() => started(orthonormal({ both: true }), { rank: 3 })).toThrow(/options\/range/);
  });
});

describe('goraStart', () => {
  const batches = [1, 2, 3].map((seed) => random.normal(random.key(seed + 10), [12, m]));
  const lossOf =
    (layer: Linear) =>
    (batch: Tensor): Tensor =>
      mseLoss(layer.forward(batch), y);
  /** Ḡ, the mean over the batches. */
  const mean = (() => {
    const layer = layerOf();
    const each = batches.map((batch) =>
      numbers(valueAndGrad(() => lossOf(layer)(batch), { weight: layer.weight }).grads.weight),
    );
    return W.map((_, i) => each.reduce((total, g) => total + (g[i] as number), 0) / each.length);
  })();
  type More = Partial<Parameters<typeof goraStart<Tensor>>[0]>;
  const begun = (more: More = {}, options: LoraOptions = {}) => {
    const layer = layerOf();
    lora(layer, { rank, alpha, ...options, init: goraStart({ loss: lossOf(layer), batches, ...more }) });
    const { A, B } = factorsOf(layer);
    return { layer, A: numbers(A), B: numbers(B) };
  };
  /** s·B·A */
  const change = ({ A, B }: { A: number[]; B: number[] }, scale = s): number[] =>
    times(B, A, A.length / m).map((v) => scale * v);
  /** G·P for the projection P on the rows of A: Gram-Schmidt, in float64. */
  const projected = (A: number[]): number[] => {
    const basis: number[][] = [];
    for (let i = 0; i < A.length / m; i++) {
      let row = A.slice(i * m, (i + 1) * m);
      for (let again = 0; again < 2; again++)
        for (const q of basis) {
          const along = q.reduce((total, v, j) => total + v * (row[j] as number), 0);
          row = row.map((v, j) => v - along * (q[j] as number));
        }
      basis.push(row.map((v) => v / Math.hypot(...row)));
    }
    const Q = basis.flat();
    return times(times(mean, transposed(Q, m), m), Q, basis.length);
  };

  it('starts at a step of descent: s·B·A = −(γ/r)·Ḡ·P, the projection on the rows of A', () => {
    const made = begun({ gamma: 0.5 });
    expectNear(
      change(made),
      projected(made.A).map((v) => (-0.5 / rank) * v),
      64,
    );
    expectNear(numbers(made.layer.weight), W, 0);
  });

  it('with as many rows as columns is all of the mean gradient', () => {
    const made = begun({ gamma: 2 }, { rank: m, alpha: m });
    expectNear(
      change(made, 1),
      mean.map((v) => (-2 / m) * v),
      4096, // the condition of a square Gaussian A
    );
  });

  it('lowers the loss, where the published sign raises it', () => {
    const before = layerOf();
    const item = (layer: Linear): number =>
      batches.reduce((total, batch) => total + (numbers(noGrad(() => lossOf(layer)(batch)))[0] as number), 0);
    const made = begun({ gamma: 0.5 });
    expect(item(made.layer)).toBeLessThan(item(before));
    made.layer.load({ ...made.layer.state(), 'lora.B': factorsOf(made.layer).B.mul(-1) });
    expect(item(made.layer)).toBeGreaterThan(item(before));
  });

  it('has γ = 0.02 unless it is told, or a γ for each layer', () => {
    const made = begun();
    const usual = projected(made.A).map((v) => (-0.02 / rank) * v);
    expectNear(change(made), usual, 64);
    const eta = 0.1;
    const own = begun({ gamma: ({ rank: r, shape }) => (eta * r) / Math.sqrt(r / (shape[1] as number)) });
    expectNear(
      change(own),
      projected(own.A).map((v) => (-eta / Math.sqrt(rank / m)) * v),
      64,
    );
  });

  it('draws A from N(0, 1/in), by the seed', () => {
    expect(begun({}, { seed: 1 }).A).toEqual(begun({}, { seed: 1 }).A);
    expect(begun({}, { seed: 1 }).A).not.toEqual(begun({}, { seed: 2 }).A);
    // in·‖A‖² is χ² with 400·4 = 1600 degrees of freedom: within 480 of it but for 1e-12 (Laurent and Massart, t = 28).
    const wide = new Linear(400, 3, { key: random.key(3) });
    const loss = (): Tensor => sum(mul(wide.weight, 1));
    lora(wide, { rank, init: goraStart({ loss, batches: [null] }) });
    const norm = 400 * numbers(factorsOf(wide).A).reduce((total, v) => total + v * v, 0);
    expect(Math.abs(norm - 1600)).toBeLessThan(480);
  });

  it('takes another A', () => {
    const A = tensor(identity(m).slice(0, rank * m), { shape: [rank, m] });
    const made = begun({ init: () => ({ A }) });
    expect(made.A).toEqual(numbers(A));
    expectNear(
      change(made),
      mean.map((v, i) => (i % m < rank ? (-0.02 / rank) * v : 0)),
      64,
    );
  });

  it('refuses no batches, an A of another shape, and α that is not positive', () => {
    expect(() => goraStart({ loss: (batch: Tensor) => batch.sum(), batches: [] })).toThrow(/gradient-init\/batches/);
    expect(() => begun({ init: () => ({ A: tensor([[1]]) }) })).toThrow(/adapter\/factors/);
    expect(() => begun({}, { alpha: 0 })).toThrow(/options\/range/);
    expect(() => begun({ gamma: () => Number.NaN })).toThrow(/options\//);
  });
});

describe('compensated', () => {
  const [A, B] = [random.normal(random.key(7), [rank, m]), random.normal(random.key(8), [n, rank])];
  const made = (compensated?: boolean): ReturnType<typeof started> =>
    started((): Factors => ({ A, B, ...(compensated !== undefined && { compensated }) }));

  it('true, or left out, keeps the function; false keeps the weight', () => {
    expect(made().weight).toEqual(made(true).weight);
    expectNear(outputOf(made().layer), outputOf(layerOf()), 64);
    expect(made(false).weight).toEqual(W);
    const product = times(numbers(B), numbers(A), rank);
    const moved = times(numbers(x), transposed(product, m), m).map((v) => s * v);
    expectNear(differences(outputOf(made(false).layer), outputOf(layerOf())), moved, 64);
  });

  it('is true or false', () => {
    expect(() => started(() => ({ A, B, compensated: 1 }) as never)).toThrow(/options\/type/);
  });
});
