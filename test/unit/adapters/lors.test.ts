import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lorsLinear } from '../../../src/adapters/methods/lors-linear';
import { spLoraLinear, sppLinear, sqftLinear } from '../../../src/adapters/methods/masked-linear';
import {
  adam,
  backend,
  equal,
  GPT,
  gradCheck,
  Linear,
  type LorsOptions,
  lora,
  lors,
  memory,
  mergeAdapters,
  mseLoss,
  mul,
  ones,
  prune,
  random,
  referenceBackend,
  scope,
  setBackend,
  sparsity,
  sum,
  type Tensor,
  tensor,
  trainer,
  unmergeAdapters,
  valueAndGrad,
  where,
  zeros,
} from '../../../src/index';
import { expectNear, numbers, open } from './cases';

const key = random.key(0);
const methods = { lors: lorsLinear, 'sp-lora': spLoraLinear, sqft: sqftLinear } as const;
type Linears = (typeof methods)[keyof typeof methods];

describe.each([
  ['wasm', () => backend()],
  ['reference', () => referenceBackend()],
])('golden numbers on %s', (_, create) => {
  const before = backend();
  beforeAll(() => setBackend(create()));
  afterAll(() => setBackend(before));

  /** The example of methods 6.3: value and gradients for the cotangent D. */
  const evaluate = (linear: Linears) => {
    const weight = tensor([
      [1, 0, 2],
      [0, 3, 0],
    ]);
    const [A, B] = [tensor([[1, -1, 2]]), tensor([[1], [2]])];
    const x = tensor([
      [1, 2, 3],
      [0, 1, -1],
    ]);
    const d = tensor([
      [1, 0],
      [2, -1],
    ]);
    const y = linear(x, weight, { A, B, scale: 0.5 }, null);
    const loss = (): Tensor => sum(mul(linear(x, weight, { A, B, scale: 0.5 }, null), d));
    const { grads } = valueAndGrad(loss, { x, A, B, weight });
    return {
      y: numbers(y),
      x: numbers(grads.x),
      A: numbers(grads.A),
      B: numbers(grads.B),
      weight: numbers(grads.weight),
    };
  };

  const shared = { y: [10.5, 4, -3, 2], x: [1.5, 0, 3, 3, -2, 6], weight: [1, 0, 1, 0, -1, 0] };
  it('lors', () => expect(evaluate(lorsLinear)).toEqual({ ...shared, A: [0.5, 1, 1.5], B: [-0.5, 1.5] }));
  it.each(['sp-lora', 'sqft'] as const)('%s', (method) =>
    expect(evaluate(methods[method])).toEqual({ ...shared, A: [0.5, -1, 0.5], B: [1.5, 0.5] }),
  );
});

const [rows, inputs, outputs, rank] = [9, 8, 6, 2];
const x = random.normal(random.key(1), [rows, inputs]);
const d = random.normal(random.key(2), [rows, outputs]);
const [A, B] = [random.normal(random.key(3), [rank, inputs]), random.normal(random.key(4), [outputs, rank])];
const bias = random.normal(random.key(5), [outputs]);
const dense = random.normal(random.key(6), [outputs, inputs]);
const kept = random.uniform(random.key(7), [outputs, inputs]);
/** Half of the weight is zero, a few of the zeros negative. */
const sparse = where(equal(mul(kept, 2).cast('int32'), 0), mul(dense, 0), dense);
const change = { A, B, scale: 0.7 };
const gradients = (linear: Linears, weight: Tensor) =>
  valueAndGrad(() => sum(mul(linear(x, weight, change, bias), d)), { A, B }).grads;

describe('gradients', () => {
  it('are those of LoRA where nothing is pruned, with the scale', () => {
    const layer = new Linear(inputs, outputs, { key });
    lora(layer, { rank, alpha: 0.7 * rank });
    layer.load({ weight: dense, bias, 'lora.A': A, 'lora.B': B });
    const { grads } = valueAndGrad(() => sum(mul(layer.forward(x), d)), layer.parameters({ trainable: true }));
    const own = gradients(lorsLinear, dense);
    expectNear(numbers(own.A), numbers(grads['lora.A']), 8);
    expectNear(numbers(own.B), numbers(grads['lora.B']), 8);
  });

  it('of lors are straight through: s·(D·B)ᵀ·X and s·Dᵀ·(X·Aᵀ), which is s·Bᵀ·G and s·G·Aᵀ', () => {
    const own = gradients(lorsLinear, sparse);
    const g = d.matmul(x, { transposeA: true });
    expectNear(numbers(own.A), numbers(B.matmul(g, { transposeA: true }).mul(0.7)), 16);
    expectNear(numbers(own.B), numbers(g.matmul(A, { transposeB: true }).mul(0.7)), 16);
  });

  it.each(['sp-lora', 'sqft'] as const)('of %s are those of the masked weight', (method) => {
    const own = gradients(methods[method], sparse);
    const masked = where(equal(sparse, 0), 0, d.matmul(x, { transposeA: true }));
    expectNear(numbers(own.A), numbers(B.matmul(masked, { transposeA: true }).mul(0.7)), 16);
    expectNear(numbers(own.B), numbers(masked.matmul(A, { transposeB: true }).mul(0.7)), 16);
    const through = gradients(lorsLinear, sparse);
    const outside = where(equal(sparse, 0), d.matmul(x, { transposeA: true }), 0);
    expectNear(numbers(through.A.sub(own.A)), numbers(B.matmul(outside, { transposeA: true }).mul(0.7)), 32);
  });

  it('pass finite differences for x and bias, and for the factors where they are exact', async () => {
    const loss = (linear: Linears, given: { x?: Tensor; A?: Tensor; B?: Tensor; bias?: Tensor }) => {
      const factors = { A: given.A ?? A, B: given.B ?? B, scale: 0.7 };
      return sum(mul(linear(given.x ?? x, sparse, factors, given.bias ?? bias), d));
    };
    const check = async (linear: Linears, name: 'x' | 'A' | 'B' | 'bias') => {
      const at = { x, A, B, bias }[name];
      return (await gradCheck((t) => loss(linear, { [name]: t }), at)).passed;
    };
    for (const linear of Object.values(methods)) {
      expect(await check(linear, 'x')).toBe(true);
      expect(await check(linear, 'bias')).toBe(true);
      for (const factor of ['A', 'B'] as const) expect(await check(linear, factor)).toBe(linear !== lorsLinear);
    }
    const spp = async (at: Tensor, of: (t: Tensor) => typeof change) =>
      (await gradCheck((t) => sum(mul(sppLinear(x, sparse, of(t), bias), d)), at)).passed;
    expect(await spp(A, (t) => ({ ...change, A: t }))).toBe(true);
    expect(await spp(B, (t) => ({ ...change, B: t }))).toBe(true);
  });

  it('of lors point the same way on average over isotropic A, s²‖mask⊙G‖² = E⟨exact, lors⟩ for ∇B', () => {
    // E[AᵀA] = I with entries N(0, 1/r). 4000 draws; the estimate's own standard error, six of them allowed.
    const g = d.matmul(x, { transposeA: true });
    const masked = where(equal(sparse, 0), 0, g);
    const expected = masked.square().sum().dataSync()[0] as number;
    const products = Array.from({ length: 4000 }, (_, i) => {
      const a = random.normal(random.fold(random.key(9), i), [rank, inputs]).mul(1 / Math.sqrt(rank));
      const [exact, through] = [masked, g].map((matrix) => matrix.matmul(a, { transposeB: true })) as [Tensor, Tensor];
      return exact.mul(through).sum().dataSync()[0] as number;
    });
    const mean = products.reduce((total, p) => total + p, 0) / products.length;
    const variance = products.reduce((total, p) => total + (p - mean) ** 2, 0) / (products.length - 1);
    expect(Math.abs(mean - expected)).toBeLessThan(6 * Math.sqrt(variance / products.length));
  });

  it('of an independent mask of density ρ have the mean: exact = ρ·lors', () => {
    const g = d.matmul(x, { transposeA: true });
    const draws = 2000;
    let total = zeros([outputs, inputs]);
    for (let i = 0; i < draws; i++) {
      const mask = random.uniform(random.fold(random.key(10), i), [outputs, inputs]);
      total = total.add(where(equal(mask.mul(4).cast('int32'), 0), g, 0)); // density ¼
    }
    const off = numbers(total.mul(1 / draws)).map((v, i) => Math.abs(v - 0.25 * (numbers(g)[i] as number)));
    const allowed = numbers(g).map((v) => 6 * Math.abs(v) * Math.sqrt((0.25 * 0.75) / draws) + 1e-5);
    expect(off.every((v, i) => v <= (allowed[i] as number))).toBe(true);
  });
});

/** Half of the distance of the float32 numbers next to x, which is what rounding to x may have cost. */
const halfUnit = (x: number): number => 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(x)))) - 24);

/** Each weight came back to half a unit of the merged one and half a unit of itself; zeros to the bit. */
function expectUnmerged(after: readonly number[], before: readonly number[], merged: readonly number[]): void {
  for (const [i, w] of before.entries()) {
    const [m, u] = [merged[i] as number, after[i] as number];
    const allowed = w === 0 ? 0 : halfUnit(m) + halfUnit(u) + 2 ** -126;
    expect(Math.abs(u - w), `element ${i}: ${w} → ${m} → ${u}`).toBeLessThanOrEqual(allowed);
  }
}

describe.each(['lors', 'sp-lora', 'sqft', 'spp'] as const)('%s in a model', (method) => {
  const ids = tensor([[1, 4, 10, 2, 0]], { dtype: 'int32' });
  const make = (options: LorsOptions = {}): GPT => {
    const model = new GPT({ vocabularySize: 11, context: 6, width: 8, heads: 2, layers: 1, key });
    prune(model, { sparsity: 0.5, match: 'blocks' });
    lors(model, { rank: 2, method, match: 'blocks', ...options });
    return model;
  };
  const zeroPattern = (model: GPT): Record<string, boolean[]> =>
    Object.fromEntries(
      Object.entries(open(model.parameters()))
        .filter(([path]) => /^blocks.*(qkv|proj|fc)\.weight$/.test(path))
        .map(([path, values]) => [path, values.map((v) => v === 0)]),
    );

  it('leaves the function at the start, and after training exact zeros before and after merging', async () => {
    const plain = new GPT({ vocabularySize: 11, context: 6, width: 8, heads: 2, layers: 1, key });
    prune(plain, { sparsity: 0.5, match: 'blocks' });
    const model = make();
    expectNear(numbers(model.forward(ids)), numbers(plain.forward(ids)), 8);
    const pattern = zeroPattern(model);
    const loss = (_: null): Tensor => mseLoss(model.forward(ids), ones([1, 5, 11]));
    const training = trainer({ model, transform: adam({ learningRate: 0.05 }), loss, seed: 0 });
    const losses = Array.from({ length: 20 }, () => training.step(null).loss as number);
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
    expect(zeroPattern(model)).toEqual(pattern);

    const before = numbers(model.forward(ids));
    const base = open(model.parameters());
    mergeAdapters(model);
    expect(zeroPattern(model)).toEqual(pattern);
    expectNear(numbers(model.forward(ids)), before, 40);
    const mergedTo = open(model.parameters());
    expect(mergedTo).not.toEqual(base);
    for (const row of await sparsity(model, { match: 'blocks' })) expect(row.sparsity).toBe(0.5);
    if (method === 'spp') {
      expect(() => unmergeAdapters(model)).toThrow(/merge\/one-way/);
      return;
    }
    unmergeAdapters(model);
    expect(zeroPattern(model)).toEqual(pattern);
    for (const [path, values] of Object.entries(open(model.parameters())))
      expectUnmerged(values, base[path] as number[], mergedTo[path] as number[]);
  });
});

describe.each(['lors', 'sp-lora', 'sqft'] as const)('unmerge of %s', (method) => {
  it('gives back each weight to half a unit of the merged one and half a unit of itself, for 300 models', () => {
    for (let seed = 0; seed < 300; seed++) {
      // Terms that cancel: the product is small next to what it is a sum of, and the weight may be smaller still.
      const from = random.key(seed);
      const [rows, columns, r] = [5, 7, 1 + (seed % 4)];
      const draw = (name: string, shape: number[], size: number): Tensor =>
        random.normal(random.fold(from, name), shape).mul(size);
      const layer = new Linear(columns, rows, { key: from, bias: false });
      prune(layer, { sparsity: 0.4 });
      lors(layer, { rank: r, alpha: 1.7, method });
      const half = draw('A', [r, columns], 10 ** (seed % 5));
      const B = draw('B', [rows, r], 1);
      const A = r > 1 && seed % 2 === 0 ? opposed(half, B) : half;
      layer.load({ weight: layer.weight, 'lora.A': A, 'lora.B': B });
      const before = numbers(layer.weight);
      mergeAdapters(layer);
      const merged = numbers(layer.weight);
      unmergeAdapters(layer);
      expectUnmerged(numbers(layer.weight), before, merged);
    }
  });
});

/** A with its first two rows such that the first two terms of the first row of B·A nearly cancel. */
function opposed(A: Tensor, B: Tensor): Tensor {
  const [r, columns] = A.shape as readonly [number, number];
  const [values, b] = [numbers(A), numbers(B)];
  for (let j = 0; j < columns; j++)
    values[columns + j] = (-(values[j] as number) * (b[0] as number)) / (b[1] as number) + 0.01 * (values[j] as number);
  return tensor(values, { shape: [r, columns] });
}

it('a sum that cancels exactly stays in the mask when it is merged, and comes back', () => {
  const layer = new Linear(2, 1, { key, bias: false });
  layer.load({ weight: tensor([[2, 0]]) });
  lors(layer, { rank: 1, alpha: 1 });
  layer.load({ weight: layer.weight, 'lora.A': tensor([[1, 1]]), 'lora.B': tensor([[-2]]) });
  mergeAdapters(layer);
  const [first, second] = numbers(layer.weight);
  expect(first).toBe(2 ** -126);
  expect(second).toBe(0);
  unmergeAdapters(layer);
  expect(numbers(layer.weight)).toEqual([2, 0]);
});

it('a negative zero is a zero', () => {
  const weight = tensor([[-0, 1]]);
  const y = lorsLinear(ones([1, 2]), weight, { A: ones([1, 2]), B: ones([1, 1]), scale: 1 }, null);
  expect(numbers(y)).toEqual([2]);
});

it('refuses embeddings and unknown methods', () => {
  const model = new GPT({ vocabularySize: 11, context: 6, width: 8, heads: 2, layers: 1, key });
  expect(() => lors(model, { match: 'tokenEmbedding' })).toThrow(/not a Linear, which alone is pruned/);
  expect(() => lors(model, { method: 'lora' as 'lors' })).toThrow(/options\/choice/);
});

describe('memory of the backward pass, in floats beyond inputs, weights, outputs and their gradients', () => {
  const [tokens, size, r] = [512, 1024, 16];
  /** Y, D, ∇X and the gradients of the factors are results. */
  const results = 3 * tokens * size + 2 * r * size;

  function extra(linear: Linears): number {
    return scope(() => {
      const input = random.normal(random.key(20), [tokens, size]);
      const weight = where(equal(random.uniform(random.key(21), [size, size]).mul(2).cast('int32'), 0), 0, ones([]));
      const factors = { A: random.normal(random.key(22), [r, size]), B: random.normal(random.key(23), [size, r]) };
      const run = () =>
        valueAndGrad(() => sum(linear(input, weight, { ...factors, scale: 0.5 }, null)), { input, ...factors });
      scope(run); // whatever is made once is made now
      const { bytes } = memory();
      backend().resetPeak();
      run();
      return (memory().peakBytes - bytes) / 4 - results;
    });
  }

  it('lors: one rebuilt weight and a few N×r, the exact ones several matrices of its size', () => {
    const own = extra(lorsLinear);
    expect(own).toBeLessThanOrEqual(size * size + 4 * tokens * r + 2 * size * r);
    expect(own).toBeLessThan(0.75 * extra(spLoraLinear));
    expect(own).toBeLessThan(0.75 * extra(sqftLinear));
  });
});
