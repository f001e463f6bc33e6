import { describe, expect, it } from 'vitest';
import {
  adam,
  adamw,
  ema,
  type GradientTransform,
  linalg,
  momentum,
  muon,
  type Params,
  random,
  scale,
  sinkGD,
  stateBytes,
  swan,
  type Tensor,
  tensor,
} from '../../../src/index';

// Muon, SWAN and SinkGD: what their updates are, by properties of the result.

const at = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed), shape);
const numbers = (t: Tensor | undefined): number[] => Array.from(t?.dataSync() ?? []);
const norm = (t: Tensor): number => Math.hypot(...numbers(t));
const relative = (a: Tensor, e: Tensor): number => norm(a.sub(e)) / norm(e);

/** The step of one matrix, taken back to a gradient: the update for learning rate 1, negated. */
function stepOf<S>(transform: GradientTransform<S>, w: Tensor, params: Params = { w }): Tensor {
  const [{ w: update }] = transform.update({ w }, transform.init(params), params);
  return (update as Tensor).mul(-1);
}

/** Norms of the rows (axis 1) or columns (axis 0). */
const norms = (x: Tensor, axis: 0 | 1): number[] => numbers(x.square().sum({ axis }).sqrt());
const gramOf = (u: Tensor): Tensor => u.matmul(u.transpose());

const shapes = [
  [6, 10],
  [10, 6],
  [7, 7],
] as const;

describe.each(shapes)('sinkGD of [%i, %i]', (n, m) => {
  const g = at(1, [n, m]);

  it('comes to rows of norm √m and columns of norm √n, and to the norm √(nm) after one sweep', () => {
    const x = stepOf(sinkGD({ learningRate: 1, sweeps: 60 }), g);
    for (const row of norms(x, 1)) expect(row).toBeCloseTo(Math.sqrt(m), 4);
    for (const column of norms(x, 0)) expect(column).toBeCloseTo(Math.sqrt(n), 4);
    const [once, twice] = [1, 2].map((sweeps) => stepOf(sinkGD({ learningRate: 1, sweeps }), g)) as [Tensor, Tensor];
    expect(norm(once)).toBeCloseTo(Math.sqrt(n * m), 4);
    expect(Math.max(...norms(once, 1)) - Math.sqrt(m)).toBeGreaterThan(1e-2);
    // It has two fixed points less than rows alone: one more sweep still moves.
    expect(relative(twice, once)).toBeGreaterThan(1e-3);
  });

  it('does not know positive factors of rows and columns, once it has converged, but their signs', () => {
    const factors = (seed: number, count: number): Tensor => at(seed, [count]).abs().add(0.5);
    const rescaled = g.mul(factors(2, n).reshape([n, 1])).mul(factors(3, m));
    const far = sinkGD({ learningRate: 1, sweeps: 80 });
    expect(relative(stepOf(far, rescaled), stepOf(far, g))).toBeLessThan(1e-4);
    expect(relative(stepOf(far, g.mul(-2)), stepOf(far, g).mul(-1))).toBeLessThan(1e-5);
    // A single sweep already does not know the rows'.
    const once = sinkGD({ learningRate: 1, sweeps: 1 });
    expect(relative(stepOf(once, g.mul(factors(2, n).reshape([n, 1]))), stepOf(once, g))).toBeLessThan(1e-5);
  });
});

describe.each(shapes)('swan of [%i, %i]', (n, m) => {
  it('whitens what has no mean along its rows', () => {
    const u = stepOf(swan({ learningRate: 1, rescale: false }), at(4, [n, m]));
    for (const total of numbers(u.sum({ axis: 1 }))) expect(Math.abs(total)).toBeLessThan(1e-3);
    // For n < m, U·Uᵀ = I. Otherwise the rows lie in the m − 1 directions across (1, …, 1), each with a value of 1.
    const values = numbers(linalg.svd(u).s);
    const rank = Math.min(n, m - 1);
    values.slice(0, rank).forEach((value) => {
      expect(value).toBeCloseTo(1, 2);
    });
    values.slice(rank).forEach((value) => {
      expect(value).toBeLessThan(1e-3);
    });
    if (n < m) {
      const identity = Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
      numbers(gramOf(u)).forEach((entry, i) => {
        expect(entry).toBeCloseTo(identity[i] as number, 3);
      });
    }
  });

  it('has the norm of the rows of variance 1, and does not know mean, size or a positive factor of a row', () => {
    const g = at(5, [n, m]);
    const x = stepOf(swan({ learningRate: 1 }), g);
    expect(norm(x)).toBeCloseTo(Math.sqrt(n * m), 3);
    const [factors, means] = [at(6, [n, 1]).abs().add(0.5), at(7, [n, 1])];
    expect(relative(stepOf(swan({ learningRate: 1 }), g.mul(factors).add(means)), x)).toBeLessThan(1e-2);
  });
});

it('swan stays finite for gradients of few directions, of equal rows and of zeros', () => {
  const few = at(8, [24, 2]).matmul(at(9, [2, 24]));
  for (const g of [few, few.slice([0, 0], [1, 24]).broadcastTo([24, 24]), few.mul(0)]) {
    for (const x of numbers(stepOf(swan({ learningRate: 1 }), g))) expect(Number.isFinite(x)).toBe(true);
  }
});

describe('muon', () => {
  it('steps along the orthogonalized momentum, longer by √(n/m) where there are more rows', () => {
    for (const [n, m] of shapes) {
      const g = at(10, [n, m]);
      const expected = linalg.orthogonalize(g).mul(Math.sqrt(Math.max(1, n / m)));
      expect(relative(stepOf(muon({ learningRate: 1 }), g), expected)).toBeLessThan(1e-4);
    }
  });

  it('takes the momentum of SGD for that of a moving mean: only its size differs, and that goes', () => {
    const means = muon({ learningRate: 1, momentum: 0.8 });
    const sums = momentum({ decay: 0.8, nesterov: true });
    const params = { w: at(11, [6, 10]) };
    let [a, b] = [means.init(params), sums.init(params)];
    for (let t = 0; t < 4; t++) {
      const grads = { w: at(20 + t, [6, 10]) };
      const [stepped, nextA] = means.update(grads, a, params);
      const [summed, nextB] = sums.update(grads, b, params);
      [a, b] = [nextA, nextB];
      expect(relative(stepped.w as Tensor, linalg.orthogonalize(summed.w as Tensor).mul(-1))).toBeLessThan(1e-4);
    }
  });

  it('shrinks weights before the step, and counts a kernel [out, in, h, w] as [out, in·h·w]', () => {
    const [w, g] = [at(12, [4, 3, 2, 2]), at(13, [4, 3, 2, 2])];
    const transform = muon({ learningRate: 0.5, weightDecay: 0.1, filter: () => true });
    const [updates] = transform.update({ w: g }, transform.init({ w }), { w });
    const flat = linalg.orthogonalize(g.reshape([4, 12])).reshape([4, 3, 2, 2]);
    expect(relative(updates.w as Tensor, flat.mul(-0.5).sub(w.mul(0.05)))).toBeLessThan(1e-4);
  });
});

describe('parameters that are no matrices', () => {
  const params = { matrix: at(14, [3, 4]), row: at(15, [1, 4]), bias: at(16, [4]), scale: tensor(2) };
  const others = (updates: Params): Record<string, number[]> =>
    Object.fromEntries(['row', 'bias', 'scale'].map((path) => [path, numbers(updates[path])]));
  const cases = {
    muon: [muon({ learningRate: 0.1 }), adamw({ learningRate: 3e-4, weightDecay: 0, epsilon: 1e-10, beta2: 0.95 })],
    swan: [swan({ learningRate: 0.1 }), adam({ learningRate: 0.1 })],
    sinkGD: [sinkGD({ learningRate: 0.1 }), adam({ learningRate: 0.1 })],
    otherwise: [sinkGD({ learningRate: 0.1, otherwise: scale(-3) }), scale(-3)],
  } as const;
  const afterTwo = <S>(transform: GradientTransform<S>): Params => {
    const [, state] = transform.update(params, transform.init(params), params);
    return transform.update(params, state, params)[0];
  };

  it.each(Object.entries(cases))('%s: get another optimizer', (_, [whole, alone]) => {
    expect(others(afterTwo(whole as GradientTransform<unknown>))).toEqual(
      others(afterTwo(alone as GradientTransform<unknown>)),
    );
  });

  it('only the others cost state without momentum', () => {
    for (const transform of [swan({ learningRate: 1 }), sinkGD({ learningRate: 1 })] as const)
      expect(stateBytes(transform.init({ w: at(1, [5, 6]) }))).toBe(0);
    expect(stateBytes(muon({ learningRate: 1 }).init({ w: at(1, [5, 6]) }))).toBe(4 * 30);
  });
});

it('ema looks ahead, and debiased gives back a constant gradient from the first step on', () => {
  const g = { w: tensor([1, -2, 0.5]) };
  const transform = ema({ decay: 0.9, debias: true, nesterov: true });
  let state = transform.init(g);
  for (let t = 0; t < 3; t++) {
    const [updates, next] = transform.update(g, state, g);
    state = next;
    numbers(updates.w).forEach((x, i) => {
      expect(x).toBeCloseTo(numbers(g.w)[i] as number, 6);
    });
  }
  const once = (nesterov: boolean): number | undefined => {
    const one = ema({ decay: 0.5, nesterov });
    return numbers(one.update(g, one.init(g), g)[0].w)[0];
  };
  expect([once(false), once(true)]).toEqual([0.5, 0.75]);
});
