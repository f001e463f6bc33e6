import { describe, expect, it } from 'vitest';
import {
  adam,
  alternateFactors,
  applyUpdates,
  chain,
  type GradientTransform,
  Linear,
  lora,
  matmul,
  mseLoss,
  type Params,
  partition,
  random,
  sgd,
  stack,
  type Tensor,
  trainer,
  valueAndGrad,
} from '../../../../src/index';
import { expectNear, factorsOf, numbers, times, transposed } from '../../adapters/cases';

const [n, m, r, s, eta] = [5, 7, 2, 1.5, 0.05];
const rounds = 3;

/** One client's data. */
const dataOf = (client: number): { x: Tensor; y: Tensor } => ({
  x: random.normal(random.key(10 + client), [12, m]),
  y: random.normal(random.key(20 + client), [12, n]),
});
const adapted = (freezeA = false): Linear => {
  const layer = new Linear(m, n, { key: random.key(3) });
  lora(layer, { rank: r, alpha: s * r, freezeA, init: 'gaussian' });
  return layer;
};
function training<S>(layer: Linear, transform: GradientTransform<S>, client = 0) {
  const { x, y } = dataOf(client);
  return trainer({ model: layer, transform, loss: (_: null) => mseLoss(layer.forward(x), y), seed: 0 });
}
const take = (steps: number, run: { step(batch: null): unknown }): void => {
  for (let i = 0; i < steps; i++) run.step(null);
};
const factors = (layer: Linear): { A: number[]; B: number[] } => {
  const { A, B } = factorsOf(layer);
  return { A: numbers(A), B: numbers(B) };
};

describe('alternateFactors', () => {
  it.each([
    ['B', undefined],
    ['A', 'A' as const],
  ])('trains %s first, for whole rounds', (first, option) => {
    const layer = adapted();
    layer.load({ ...layer.state(), 'lora.B': random.normal(random.key(4), [n, r]) });
    layer.unfreeze('bias');
    const part = alternateFactors({ every: 2, ...(option && { first: option }) });
    const run = training(layer, chain(part, sgd({ learningRate: eta })));
    const moved: string[] = [];
    for (let step = 0; step < 8; step++) {
      const [before, bias] = [factors(layer), numbers(layer.bias as Tensor)];
      run.step(null);
      const after = factors(layer);
      moved.push((['A', 'B'] as const).filter((name) => `${after[name]}` !== `${before[name]}`).join(''));
      expect(numbers(layer.bias as Tensor)).not.toEqual(bias); // belongs to no pair
    }
    const other = first === 'B' ? 'A' : 'B';
    expect(moved).toEqual([first, first, other, other, first, first, other, other]);
  });

  it('that never takes even rounds is FFA-LoRA, LoRA with a frozen A, to the bit', () => {
    const [one, two] = [adapted(), adapted(true)];
    take(6, training(one, chain(alternateFactors({ every: 6 }), adam({ learningRate: eta }))));
    take(6, training(two, adam({ learningRate: eta })));
    expect(factors(one)).toEqual(factors(two));
  });

  it('leaves a factor whose turn it is not, and its moments, with an optimizer of its own for each', () => {
    const layer = adapted();
    const each = () => adam({ learningRate: eta });
    const optimizer = chain(
      alternateFactors({ every: 2 }),
      partition({ A: each(), rest: each() }, (path) => (path.endsWith('lora.A') ? 'A' : 'rest')),
    );
    const run = training(layer, optimizer);
    take(3, run);
    // Adam's first step of A has the size of the learning rate, which it has not where two other steps were counted.
    const first = numbers(factorsOf(adapted()).A);
    const moves = numbers(factorsOf(layer).A).map((a, i) => Math.abs(a - (first[i] as number)));
    for (const move of moves) expect(move).toBeCloseTo(eta, 4);
  });

  it('goes on in the middle of a round', () => {
    const optimizer = chain(alternateFactors({ every: 3 }), adam({ learningRate: eta }));
    const [whole, first, second] = [adapted(), adapted(), adapted()];
    take(8, training(whole, optimizer));
    const half = training(first, optimizer);
    take(4, half);
    second.load(first.state());
    const { x, y } = dataOf(0);
    const loss = (_: null): Tensor => mseLoss(second.forward(x), y);
    const resume = { state: half.state, steps: 4 };
    take(4, trainer({ model: second, transform: optimizer, loss, seed: 0, resume }));
    expect(factors(second)).toEqual(factors(whole));
  });

  it('wants pairs', () => {
    const part = alternateFactors({ every: 1 });
    const params: Params = { weight: random.normal(random.key(0), [2, 2]) };
    expect(() => part.update(params, part.init(params), params)).toThrow(/pairs\/none/);
  });
});

const clients = [0, 1, 2];
const meanOf = (lists: readonly number[][]): number[] =>
  (lists[0] as number[]).map((_, i) => lists.reduce((sum, list) => sum + (list[i] as number), 0) / lists.length);
const productOf = ({ A, B }: { A: number[]; B: number[] }): number[] => times(B, A, r);

/** Each client trains for some steps from the same factors; what they have then. */
function locally<S>(transform: () => GradientTransform<S>, from: Params, steps: number) {
  return clients.map((client) => {
    const layer = adapted();
    layer.load({ ...layer.state(), ...from });
    take(steps, training(layer, transform(), client));
    return { ...factors(layer), tensors: factorsOf(layer) };
  });
}
const start = (): Params => {
  const { A } = factorsOf(adapted());
  return { 'lora.A': A, 'lora.B': random.normal(random.key(4), [n, r]) };
};

describe('the mean of factors that clients have trained', () => {
  it.each(['A', 'B'] as const)('is the mean of their products where only %s was trained', (first) => {
    const made = locally(() => chain(alternateFactors({ every: 100, first }), sgd({ learningRate: eta })), start(), 4);
    const [A, B] = [meanOf(made.map((one) => one.A)), meanOf(made.map((one) => one.B))];
    expectNear(productOf({ A, B }), meanOf(made.map(productOf)), 1); // in float64: exact but for the shared factor's mean
  });

  it('is off by the mean of (B_i − B̄)·(A_i − Ā) where both were', () => {
    const made = locally(() => sgd({ learningRate: eta }), start(), 4);
    const [A, B] = [meanOf(made.map((one) => one.A)), meanOf(made.map((one) => one.B))];
    const [right, taken] = [meanOf(made.map(productOf)), productOf({ A, B })];
    const error = meanOf(
      made.map((one) =>
        productOf({ A: one.A.map((v, i) => v - (A[i] as number)), B: one.B.map((v, i) => v - (B[i] as number)) }),
      ),
    );
    const off = right.map((v, i) => v - (taken[i] as number));
    const size = Math.max(...error.map(Math.abs));
    expect(size).toBeGreaterThan(1e-4);
    for (const [i, e] of error.entries()) expect(Math.abs((off[i] as number) - e)).toBeLessThan(1e-9 * size);
  });

  it('has, after any round of RoLoRA, the mean of the products of the clients', () => {
    let shared = start();
    for (let round = 0; round < rounds; round++) {
      const first = round % 2 === 0 ? 'B' : 'A';
      const made = locally(() => chain(alternateFactors({ every: 4, first }), sgd({ learningRate: eta })), shared, 4);
      const mean = (name: 'A' | 'B'): Tensor => stack(made.map((one) => one.tensors[name])).mean({ axis: 0 });
      shared = { 'lora.A': mean('A'), 'lora.B': mean('B') };
      const global = numbers(matmul(shared['lora.B'] as Tensor, shared['lora.A'] as Tensor));
      expectNear(global, meanOf(made.map(productOf)), 8);
    }
  });

  it('is what Flora has accumulated: local SGD makes B = −η·s·Σ G_t·Aᵀ', () => {
    const layer = adapted(true);
    const A = numbers(factorsOf(layer).A);
    const { x, y } = dataOf(1);
    const total = new Array(n * r).fill(0);
    for (let step = 0; step < 5; step++) {
      const own = layer.parameters({ trainable: true });
      const loss = (): Tensor => mseLoss(layer.forward(x), y);
      const { grads } = valueAndGrad(loss, { ...own, weight: layer.weight });
      const { weight, ...factor } = grads as Record<string, Tensor>;
      for (const [i, v] of times(numbers(weight), transposed(A, m), m).entries()) total[i] -= eta * s * v;
      const optimizer = sgd({ learningRate: eta });
      const [updates] = optimizer.update(factor, optimizer.init(own), own);
      applyUpdates(own, updates);
    }
    expectNear(numbers(factorsOf(layer).B), total, 64);
  });
});
