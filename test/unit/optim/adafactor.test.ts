import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adafactor,
  applyUpdates,
  chain,
  clipByBlockRms,
  mul,
  type Params,
  random,
  scaleByFactoredRms,
  stateBytes,
  type Tensor,
  tensor,
} from '../../../src/index';

const numbers = (t: Tensor | undefined): number[] => Array.from((t as Tensor).dataSync());

function expectClose(actual: Tensor | undefined, expected: number[], tolerance = 1e-6): void {
  const values = numbers(actual);
  expect(values.length).toBe(expected.length);
  for (const [i, x] of expected.entries()) expect(Math.abs((values[i] as number) - x)).toBeLessThan(tolerance);
}

const w0 = (): Params => ({
  w: tensor([
    [0.1, 0.2, 0.3],
    [0.4, 0.5, 0.6],
  ]),
});
const g1 = tensor([
  [0.1, -0.2, 0.3],
  [-0.4, 0.5, -0.6],
]);
const g2 = tensor([
  [-0.3, 0.1, 0.2],
  [0.2, -0.1, 0.4],
]);

describe('golden numbers of a 2×3 weight', () => {
  it('the factored second moment', () => {
    const rms = scaleByFactoredRms();
    const params = w0();
    const [u1, s1] = rms.update({ w: g1 }, rms.init(params), params);
    expectClose(s1.row.w, [0.04666667, 0.25666667]);
    expectClose(s1.column.w, [0.085, 0.145, 0.225]);
    expectClose(u1.w, [0.61834694, -0.94686415, 1.14017543, -1.05465609, 1.00936058, -0.97234487]);
    const [u2, s2] = rms.update({ w: g2 }, s1, params);
    expect(s2.step).toBe(2);
    expectClose(s2.row.w, [0.04666667, 0.14945482]);
    expectClose(s2.column.w, [0.07351302, 0.06746286, 0.15320635]);
    expectClose(u2.w, [-1.60392233, 0.55809974, 0.74068885, 0.59750357, -0.31186041, 0.82777867]);
  });

  it.each([
    [
      'factored',
      () => true,
      [0.09759188, 0.20368751, 0.29555965, 0.4041073, 0.49606911, 0.60378674],
      [0.1038462, 0.20151126, 0.29267142, 0.4017774, 0.49728517, 0.60055891],
    ],
    [
      'full',
      () => false,
      [0.09610556, 0.20389444, 0.29610556, 0.40389444, 0.49610556, 0.60389444],
      [0.10105154, 0.20131012, 0.29295502, 0.40131012, 0.49726999, 0.6007439],
    ],
  ])('two steps, %s', (_, factored, first, second) => {
    const transform = adafactor({ learningRate: 0.01, factored });
    const params = w0();
    const [u1, s1] = transform.update({ w: g1 }, transform.init(params), params);
    applyUpdates(params, u1);
    expectClose(params.w, first);
    const [u2] = transform.update({ w: g2 }, s1, params);
    applyUpdates(params, u2);
    expectClose(params.w, second);
  });
});

describe('properties', () => {
  const sizes = fc.record({ n: fc.integer({ min: 1, max: 7 }), m: fc.integer({ min: 1, max: 7 }), seed: fc.nat() });
  const normal = (seed: number, ...shape: number[]): Tensor => random.normal(random.key(seed), shape);
  const first = (g: Tensor, factored?: () => boolean): Tensor => {
    const rms = scaleByFactoredRms(factored ? { factored } : {});
    return rms.update({ w: g }, rms.init({ w: g }), { w: g })[0].w as Tensor;
  };

  it('is exact where the squares have rank one, so that the first update is the sign', () => {
    fc.assert(
      fc.property(sizes, ({ n, m, seed }) => {
        const g = mul(normal(seed, n, 1), normal(seed + 1, 1, m));
        expectClose(first(g), numbers(g.sign()), 1e-4);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps the sums of squares of rows and columns', () => {
    fc.assert(
      fc.property(sizes, ({ n, m, seed }) => {
        const g = normal(seed, n, m);
        const v = g.div(first(g)).square(); // U = G/√V̂
        const scale = Math.max(...numbers(g.square())) * Math.max(n, m);
        for (const axis of [0, 1]) expectClose(v.sum({ axis }), numbers(g.square().sum({ axis })), 1e-4 * scale);
      }),
      { numRuns: 50 },
    );
  });

  it('unfactored, the first update is the sign', () => {
    const g = normal(3, 4, 5);
    expectClose(
      first(g, () => false),
      numbers(g.sign()),
    );
  });

  it('does not see the scale of the gradients', () => {
    const run = (c: number): number[] => {
      const transform = adafactor({ learningRate: 0.1, momentum: 0.9 });
      const params = { w: tensor(normal(1, 4, 6).dataSync(), { shape: [4, 6] }) };
      let state = transform.init(params);
      for (let step = 0; step < 5; step++) {
        const [updates, next] = transform.update({ w: normal(10 + step, 4, 6).mul(c) }, state, params);
        state = next;
        applyUpdates(params, updates);
      }
      return numbers(params.w);
    };
    const [small, large] = [run(1e-3), run(1e3)];
    small.forEach((x, i) => {
      expect(Math.abs(x - (large[i] as number))).toBeLessThan(1e-5);
    });
  });

  it('clips the root mean square', () => {
    fc.assert(
      fc.property(sizes, fc.double({ min: 0.1, max: 2, noNaN: true }), ({ n, m, seed }, d) => {
        const g = normal(seed, n, m).mul(10);
        const [u] = clipByBlockRms(d).update({ w: g }, [], { w: g });
        const rms = Math.sqrt(numbers((u.w as Tensor).square().mean())[0] as number);
        expect(rms).toBeLessThanOrEqual(d * (1 + 1e-5));
      }),
      { numRuns: 50 },
    );
  });

  it('moves zeros by the floor of the scale, and leaves a zero gradient at zero', () => {
    const transform = adafactor({ learningRate: 0.01 });
    const params = { w: tensor([[0, 0]]), still: tensor([[1, 2]]) };
    const grads = { w: tensor([[3, -3]]), still: tensor([[0, 0]]) };
    const [updates] = transform.update(grads, transform.init(params), params);
    expectClose(updates.w, [-1e-5, 1e-5], 1e-9);
    expectClose(updates.still, [0, 0], 1e-12);
  });

  it('decays weights by the whole step size', () => {
    const options = { learningRate: 0.01 };
    const params = w0();
    const plain = adafactor(options);
    const decayed = adafactor({ ...options, weightDecay: 0.5 });
    const [u] = plain.update({ w: g1 }, plain.init(params), params);
    const [v] = decayed.update({ w: g1 }, decayed.init(params), params);
    const alpha = 0.0038944405;
    expectClose((v.w as Tensor).sub(u.w as Tensor), numbers((params.w as Tensor).mul(-alpha * 0.5)), 1e-7);
  });
});

describe('state', () => {
  const params = { matrix: random.normal(random.key(0), [6, 10]), vector: random.normal(random.key(1), [10]) };

  it('costs n + m for a matrix and all squares for others', () => {
    expect(stateBytes(adafactor({ learningRate: 1 }).init(params))).toBe(4 * (6 + 10 + 10));
    expect(stateBytes(adafactor({ learningRate: 1, momentum: 0.9 }).init(params))).toBe(4 * (6 + 10 + 10 + 60 + 10));
  });

  it('has row means in row and column means in column', () => {
    const { row, column, full } = scaleByFactoredRms().init(params);
    expect([row.matrix?.shape, column.matrix?.shape, full.vector?.shape]).toEqual([[6], [10], [10]]);
    expect([Object.keys(row), Object.keys(full)]).toEqual([['matrix'], ['vector']]);
  });

  it('is typed through a chain', () => {
    const [rms, none] = chain(scaleByFactoredRms(), clipByBlockRms(1)).init(params);
    expect(rms.step + none.length).toBe(0);
  });
});
