import { describe, expect, it } from 'vitest';
import {
  adafactor,
  chain,
  compress,
  ema,
  explain,
  eye,
  type Filter,
  fixedSide,
  flora,
  floraAccumulate,
  GPT,
  type GradientTransform,
  liftPlusRaw,
  liftUpdate,
  matrixFilter,
  mul,
  projectors,
  random,
  scale,
  stateBytes,
  type Tensor,
  tensor,
  zeros,
} from '../../../src/index';

// Golden numbers for injected projections, computed in float64 from the equations of both orderings.
const h = Math.SQRT1_2;
const a0 = tensor([h, 0, -h, 0, h, h], { shape: [2, 3] });
const a1 = tensor([h, h, 0, -h, 0, h], { shape: [2, 3] });
const g = tensor([1, 2, 3, -1, 0, 1], { shape: [2, 3] });
const given = (...matrices: Tensor[]) => fixedSide(projectors.explicit(matrices), 'right');

function expectMatrix(actual: Tensor | undefined, expected: number[]): void {
  const values = Array.from(actual?.dataSync() ?? []);
  expect(values).toHaveLength(expected.length);
  for (const [i, x] of expected.entries()) expect(values[i]).toBeCloseTo(x, 6);
}

/** Outputs and compressed means for inputs G, 2G, 3G, … */
function run(
  combine: typeof liftUpdate | ReturnType<typeof liftPlusRaw>,
  steps: number,
): { u: Tensor; mean: Tensor }[] {
  const momentum = compress({
    projector: given(a0, a1),
    rank: 2,
    inner: ema({ decay: 0.9 }),
    refreshEvery: 2,
    onRefresh: 'transfer',
    combine,
    filter: () => true,
  });
  let state = momentum.init({ w: g });
  return Array.from({ length: steps }, (_, t) => {
    const [updates, next] = momentum.update({ w: mul(g, t + 1) }, state, {});
    state = next;
    return { u: updates.w as Tensor, mean: next.leaves.w?.inner.mean.w as Tensor };
  });
}

describe('one projection', () => {
  const projector = given(a0);
  const p = projector.sample(random.key(0), [2, 3], 2, 0);
  it('projects down and up', () => {
    expectMatrix(projector.down(p, g), [-2 * h, 5 * h, -2 * h, h]);
    expectMatrix(projector.up(p, projector.down(p, g)), [-1, 2.5, 3.5, -1, 0.5, 1.5]);
  });
});

describe('flora momentum', () => {
  it('follows the paper: refresh, down, inner, up', () => {
    const steps = run(liftUpdate, 4);
    expectMatrix(steps[0]?.mean, [-0.14142136, 0.35355339, -0.14142136, 0.07071068]);
    expectMatrix(steps[0]?.u, [-0.1, 0.25, 0.35, -0.1, 0.05, 0.15]);
    expectMatrix(steps[1]?.mean, [-0.41012193, 1.02530483, -0.41012193, 0.20506097]);
    expectMatrix(steps[1]?.u, [-0.29, 0.725, 1.015, -0.29, 0.145, 0.435]);
    expectMatrix(steps[2]?.mean, [0.91322841, 1.25476098, -0.30440947, 0.88565124]);
    expectMatrix(steps[2]?.u, [-0.2415, 0.64575, 0.88725, -0.8415, -0.21525, 0.62625]);
    expectMatrix(steps[3]?.mean, [1.6704337, 1.69497031, -0.55681123, 1.36277154]);
    expectMatrix(steps[3]?.u, [-0.01735, 1.181175, 1.198525, -1.35735, -0.393725, 0.963625]);
  });

  it('follows flora-opt: output, then refresh, then advance', () => {
    const steps = run(liftPlusRaw(0.9), 3);
    expectMatrix(steps[0]?.u, [0.1, 0.2, 0.3, -0.1, 0, 0.1]);
    expectMatrix(steps[0]?.mean, [-0.14142136, 0.35355339, -0.14142136, 0.07071068]);
    expectMatrix(steps[1]?.u, [0.11, 0.625, 0.915, -0.29, 0.045, 0.335]);
    expectMatrix(steps[1]?.mean, [0.51972348, 0.56922096, -0.17324116, 0.44194174]);
    expectMatrix(steps[2]?.u, [0.2685, 0.93075, 1.26225, -0.6915, -0.11025, 0.58125]);
    expectMatrix(steps[2]?.mean, [1.10414724, 0.93656293, -0.36804908, 0.82201163]);
  });
});

describe('flora accumulation', () => {
  const step = (inner: GradientTransform<readonly []>, seed = 3) => floraAccumulate({ steps: 2, rank: 2, seed, inner });
  it('returns nothing between cycles, then the lifted mean, and draws a new projection for the next cycle', () => {
    const transform = step(scale(-1));
    const params = { w: zeros([4, 6]), bias: zeros([6]) };
    const grads = { w: random.normal(random.key(1), [4, 6]), bias: tensor([1, 2, 3, 4, 5, 6]) };
    const [none, half] = transform.update(grads, transform.init(params), params);
    expect(none).toEqual({});
    expect(half.inner).toEqual([]);
    const [first, next] = transform.update(grads, half, params);
    expect(Array.from(first.bias?.dataSync() ?? [])).toEqual([-1, -2, -3, -4, -5, -6]);
    const [, again] = transform.update(grads, next, params);
    const [second] = transform.update(grads, again, params);
    expect(first.w?.dataSync()).not.toEqual(second.w?.dataSync());
  });
  it('lifts by the projection it summed under: the identity comes back as AᵀA, which is symmetric', () => {
    const transform = step(scale(1));
    const params = { w: eye(5) };
    let state = transform.init(params);
    const lifted: number[][] = [];
    for (let i = 0; i < 6; i++) {
      const [updates, next] = transform.update(params, state, params);
      state = next;
      if (updates.w) lifted.push(Array.from(updates.w.dataSync()));
    }
    expect(lifted).toHaveLength(3);
    for (const s of lifted)
      for (let i = 0; i < 25; i++) expect(s[i]).toBeCloseTo(s[5 * (i % 5) + Math.floor(i / 5)] ?? NaN, 6);
  });
  it('divides by the number of gradients', () => {
    const transform = floraAccumulate({ steps: 3, rank: 2, inner: scale(1) });
    const params = { w: zeros([4, 6]), bias: tensor([3, 6]) };
    let [updates, state] = transform.update(params, transform.init(params), params);
    for (let i = 0; i < 2; i++) {
      expect(updates).toEqual({});
      [updates, state] = transform.update(params, state, params);
    }
    for (const [i, x] of [3, 6].entries()) expect(updates.bias?.dataSync()[i]).toBeCloseTo(x, 6);
  });
  it('leaves out a parameter that no gradient of a cycle had', () => {
    const transform = step(scale(-1));
    const params = { w: zeros([4, 6]), bias: zeros([6]) };
    const half = transform.update({ w: params.w }, transform.init(params), params)[1];
    const [updates] = transform.update({ w: params.w }, half, params);
    expect(Object.keys(updates)).toEqual(['w']);
  });
});

describe('state', () => {
  const params = { w: zeros([256, 64]), wide: zeros([64, 128]), bias: zeros([64]), table: zeros([1000, 64]) };
  const rank = 16;
  // rank·max(n, m) + n + m for compressed matrices; n·m + n + m for dense ones; 2n for vectors (momentum and V)
  const floats = rank * 256 + 320 + (rank * 128 + 192) + 2 * 64 + (64_000 + 1064);
  for (const ordering of ['paper', 'flora-opt'] as const) {
    it(`${ordering}: bytes equal the formula, before and after steps across a refresh`, () => {
      const transform = flora({ learningRate: 0.1, rank, refreshEvery: 2, ordering });
      let state = transform.init(params);
      expect(stateBytes(state)).toBe(4 * floats);
      const grads = Object.fromEntries(
        Object.entries(params).map(([path, { shape }]) => [path, random.normal(random.key(1), shape)]),
      );
      for (let i = 0; i < 3; i++) [, state] = transform.update(grads, state, params);
      expect(stateBytes(state)).toBe(4 * floats);
    });
  }

  it('explains what it does to each parameter', () => {
    const rows = explain(flora({ learningRate: 0.1, rank }), params);
    expect(rows.map(({ path, compressed, side, bytes }) => ({ path, compressed, side, bytes }))).toEqual([
      { path: 'w', compressed: true, side: 'right', bytes: 4 * (rank * 256 + 320) },
      { path: 'wide', compressed: true, side: 'left', bytes: 4 * (rank * 128 + 192) },
      { path: 'bias', compressed: false, side: null, bytes: 4 * 128 },
      { path: 'table', compressed: false, side: null, bytes: 4 * (64_000 + 1064) },
    ]);
    expect(rows[3]?.reason).toContain('aspect ratio');
  });

  it('the GPT of the main job: the sum of the formulas over its parameters', () => {
    const key = random.key(0);
    const model = new GPT({ vocabularySize: 81, context: 64, width: 128, heads: 4, layers: 2, key }).parameters();
    const blocks = matrixFilter({ rank: 64 });
    const filter: Filter = (path, x) => (path.startsWith('blocks.') ? blocks(path, x) : 'dense');
    const floats = (momentum: (path: string, n: number, m: number) => number): number =>
      Object.entries(model).reduce((sum, [path, { shape }]) => {
        const [n, m] = shape as readonly [number, number?];
        return sum + (m === undefined ? 2 * n : momentum(path, n, m) + n + m);
      }, 0);
    const dense = floats((_, n, m) => n * m);
    const compressed = floats((path, n, m) => (path.startsWith('blocks.') ? 64 * Math.max(n, m) : n * m));
    expect([4 * dense, 4 * compressed]).toEqual([1_736_072, 949_640]);
    expect(stateBytes(adafactor({ learningRate: 1, momentum: 0.9 }).init(model))).toBe(4 * dense);
    expect(stateBytes(flora({ learningRate: 1, rank: 64, filter }).init(model))).toBe(4 * compressed);
  });

  it('n = m = 1024, r = 16 costs 18 432 floats, the accumulator 16 384', () => {
    const square = { w: zeros([1024, 1024]) };
    expect(stateBytes(flora({ learningRate: 0.1, rank: 16 }).init(square))).toBe(4 * 18_432);
    expect(stateBytes(floraAccumulate({ steps: 4, rank: 16, inner: scale(-1) }).init(square))).toBe(4 * 16_384);
  });
});

describe('bad input', () => {
  const params = { w: zeros([8, 4]) };
  it('refuses a rank above the smaller dimension of everything', () => {
    expect(() => flora({ learningRate: 0.1, rank: 5 }).init(params)).toThrow(/compress\/nothing.*smaller dimension 4/);
    expect(() => projectors.gaussian.sample(random.key(0), [8, 4], 5, 0)).toThrow(/projector\/rank/);
  });
  it('refuses unknown options and orderings, and a transfer of a state that is not linear', () => {
    expect(() => flora({ learningRate: 0.1, rank: 2, gap: 3 } as never)).toThrow(/options\/unknown.*"gap"/);
    expect(() => flora({ learningRate: 0.1, rank: 2, ordering: 'torch' as never })).toThrow(/options\/choice/);
    const inner = chain(ema({ decay: 0.9, debias: true }));
    const options = { projector: projectors.gaussian, rank: 2, inner, refreshEvery: 2, onRefresh: 'transfer' } as const;
    expect(() => compress(options)).toThrow(/compress\/transfer/);
  });
});
