import { describe, expect, it } from 'vitest';
import {
  backend,
  gradientSvd,
  Linear,
  type LoraGaOptions,
  linalg,
  lora,
  loraGa,
  lors,
  MLP,
  memory,
  mergeAdapters,
  mseLoss,
  prune,
  random,
  scope,
  type Tensor,
  tensor,
  valueAndGrad,
} from '../../../src/index';
import { singularValues } from '../../support/singular-values';
import { differences, expectNear, factorsOf, numbers, times, transposed } from './cases';

const key = random.key(0);
const batches = [1, 2, 3].map((seed) => ({
  x: random.normal(random.key(seed), [12, 16]),
  y: random.normal(random.key(seed + 10), [12, 10]),
}));
type Batch = (typeof batches)[number];
const make = (): MLP => new MLP({ sizes: [16, 14, 10], activation: 'tanh', key });
const lossOf =
  (model: MLP) =>
  ({ x, y }: Batch): Tensor =>
    mseLoss(model.forward(x), y);

/** The mean gradient of the first layer, with its exact factors. */
function exact() {
  const model = make();
  const layer = model.layers[0] as Linear;
  const each = batches.map((batch) =>
    numbers(valueAndGrad(() => lossOf(model)(batch), { weight: layer.weight }).grads.weight),
  );
  const mean = (each[0] as number[]).map((_, i) => each.reduce((sum, g) => sum + (g[i] as number), 0) / each.length);
  return mean;
}

/** How much of row space a and b share: singular values of a·bᵀ for orthonormal rows, all 1 where they are equal. */
const overlap = (a: number[], b: number[], columns: number): number[] => {
  const product = times(a, transposed(b, columns), columns);
  return singularValues(product, [a.length / columns, b.length / columns]);
};

describe('gradientSvd', () => {
  it('starts A at the leading right singular vectors of the mean gradient, over γ, with B = 0', () => {
    const model = make();
    const loss = lossOf(model);
    lors(model, { rank: 3, match: 'layers.0', init: gradientSvd({ loss, batches, gamma: 2 }) });
    const { A, B } = factorsOf(model.layers[0]);
    expect(numbers(B).every((v) => v === 0)).toBe(true);
    const rows = numbers(A).map((v) => 2 * v);
    expectNear(times(rows, transposed(rows, 16), 16), [1, 0, 0, 0, 1, 0, 0, 0, 1], 20);
    const right = leadingRight(exact(), 3);
    for (const s of overlap(rows, right, 16)) expect(s).toBeGreaterThan(1 - 1e-4);
  });

  it('leaves the function of a pruned model, and its base', () => {
    const model = make();
    prune(model, { sparsity: 0.5 });
    const [before, weight] = [numbers(model.forward(batches[0]?.x as Tensor)), numbers(model.layers[0]?.weight)];
    lors(model, { rank: 2, init: gradientSvd({ loss: lossOf(model), batches }) });
    expectNear(numbers(model.forward(batches[0]?.x as Tensor)), before, 8);
    expect(numbers(model.layers[0]?.weight)).toEqual(weight);
  });

  it('has one gradient of a weight alive at a time', () => {
    scope(() => {
      const size = 128;
      const model = new MLP({ sizes: [size, size, size, size, size], key });
      const x = random.normal(random.key(7), [2, size]);
      const loss = (input: Tensor): Tensor => model.forward(input).square().mean();
      const init = gradientSvd({ loss, batches: [x, x, x] });
      const site = {
        path: '',
        shape: [size, size],
        rank: 2,
        scale: 1,
        key,
        stage: 0,
        weight: model.layers[0]?.weight as Tensor,
      };
      scope(() => init(site));
      const { bytes } = memory();
      backend().resetPeak();
      scope(() => init(site));
      expect((memory().peakBytes - bytes) / 4 / size ** 2).toBeLessThan(6); // sum, next, and device copies of four weights
    });
  });
});

const svdOf = (values: number[], rank: number) =>
  linalg.svd(tensor(Float32Array.from(values), { shape: [14, 16] }), { rank });
const leadingRight = (values: number[], rank: number): number[] => numbers(svdOf(values, rank).vt);
const leadingLeft = (values: number[], rank: number): number[] => transposed(numbers(svdOf(values, rank).u), rank);

describe.each(['ArB2r', 'A2rBr', 'ArBr', 'random'] as const)('loraGa %s', (direction) => {
  it.each(['stable', 'gd', 'none'] as const)('%s: unchanged at the start, factors from both sides', (scaling) => {
    const model = make();
    const x = batches[0]?.x as Tensor;
    const [before, weight] = [numbers(model.forward(x)), numbers(model.layers[0]?.weight)];
    const options: LoraGaOptions<Batch> = { loss: lossOf(model), batches, direction, scaling };
    lora(model, { rank: 3, alpha: 6, match: 'layers.0', init: loraGa(options) });
    expectNear(numbers(model.forward(x)), before, 60);
    const { A, B } = factorsOf(model.layers[0]);
    const shift = differences(weight, numbers(model.layers[0]?.weight));
    expectNear(
      shift,
      times(numbers(B), numbers(A), 3).map((v) => 2 * v),
      64,
    );
    const factor = { stable: 14 ** 0.25 / 4, gd: 0.5, none: 1 }[scaling];
    const rows = numbers(A).map((v) => v / factor);
    const columns = transposed(numbers(B), 3).map((v) => v / factor); // [r, out]
    const identity = [1, 0, 0, 0, 1, 0, 0, 0, 1];
    expectNear(times(rows, transposed(rows, 16), 16), identity, 40);
    expectNear(times(columns, transposed(columns, 14), 14), identity, 40);
    if (direction === 'random') return;
    const g = exact();
    const picked = { ArB2r: [0, 1, 2], A2rBr: [3, 4, 5], ArBr: [1, 3, 5] }[direction];
    const others = { ArB2r: [3, 4, 5], A2rBr: [0, 1, 2], ArBr: [0, 2, 4] }[direction];
    const row = (list: number[], i: number, length: number): number[] => list.slice(i * length, (i + 1) * length);
    const right = leadingRight(g, 6);
    const left = leadingLeft(g, 6);
    for (const s of overlap(
      rows,
      picked.flatMap((i) => row(right, i, 16)),
      16,
    ))
      expect(s).toBeGreaterThan(1 - 1e-3);
    for (const s of overlap(
      columns,
      others.flatMap((i) => row(left, i, 14)),
      14,
    ))
      expect(s).toBeGreaterThan(1 - 1e-3);
    mergeAdapters(model);
    expectNear(numbers(model.layers[0]?.weight), weight, 20);
  });
});

describe('loraGa', () => {
  const sizes = (form: 'authors' | 'peft', scaling: 'stable' | 'gd' | 'weight' | 'none', gamma = 4) => {
    const model = make();
    const x = batches[0]?.x as Tensor;
    const before = numbers(model.forward(x));
    const weight = numbers(model.layers[0]?.weight);
    const init = loraGa({ loss: lossOf(model), batches, form, scaling, gamma });
    lora(model, { rank: 3, alpha: 6, match: 'layers.0', init });
    expectNear(numbers(model.forward(x)), before, 120);
    const { A, B } = factorsOf(model.layers[0]);
    const lengths = (rows: number[], length: number): number[] =>
      [0, 1, 2].map((i) => Math.hypot(...rows.slice(i * length, (i + 1) * length)));
    return { A: lengths(numbers(A), 16), B: lengths(transposed(numbers(B), 3), 14), weight };
  };
  const values = singularValues(exact(), [14, 16]).slice(3, 6); // of the gradient, those of the columns of B
  const near = (actual: number[], expected: number[]): void => expectNear(actual, expected, 2 ** 12); // of a random range

  it("as the authors' program has weight: both factors times the mean of √(σ_i(W)/s), i ≤ r", () => {
    const { A, B, weight } = sizes('authors', 'weight');
    const roots = singularValues(weight, [14, 16])
      .slice(0, 3)
      .map((v) => Math.sqrt(v / 2));
    const mean = roots.reduce((a, b) => a + b) / 3;
    near(A, [mean, mean, mean]);
    near(B, [mean, mean, mean]);
  });

  it.each([
    ['none', 1, 1],
    ['gd', 1 / 2, 1 / 2],
    ['stable', 1, 14 ** 0.25 / 2],
  ] as const)('as PEFT has %s: B with the singular values of the gradient', (scaling, ofA, ofB) => {
    const { A, B } = sizes('peft', scaling);
    near(A, [ofA, ofA, ofA]);
    near(
      B,
      values.map((v) => v * ofB),
    );
  });

  it('as PEFT has weight: the first column of B as long as σ₁(W)', () => {
    const { A, B, weight } = sizes('peft', 'weight');
    near(A, [1, 1, 1]);
    const first = singularValues(weight, [14, 16])[0] as number;
    near(
      B,
      values.map((v) => (v * first) / (values[0] as number)),
    );
  });
});

describe('refuses', () => {
  const layer = (): Linear => new Linear(6, 4, { key });
  const loss = (x: Tensor): Tensor => x.sum();
  it.each([
    ['gradient-init/batches', () => loraGa({ loss, batches: [] })],
    ['gradient-init/batches', () => gradientSvd({ loss, batches: [] })],
    ['options/choice', () => loraGa({ loss, batches: [1], direction: 'AB' } as never)],
    ['options/choice', () => loraGa({ loss, batches: [1], scaling: 'weightS' } as never)],
    ['options/range', () => lora(layer(), { rank: 3, init: loraGa({ loss, batches: [batches[0]?.x as Tensor] }) })],
  ])('with %s', (code, run) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});
