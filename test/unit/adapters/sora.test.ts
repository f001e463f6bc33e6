import { describe, expect, it } from 'vitest';
import { GatedLora } from '../../../src/adapters/methods/gated-lora';
import {
  adam,
  chain,
  compact,
  Embedding,
  Linear,
  lora,
  MLP,
  mseLoss,
  partition,
  random,
  Sequential,
  schedules,
  sgd,
  softThreshold,
  sora,
  soraGate,
  type Tensor,
  tensor,
  trainer,
} from '../../../src/index';
import { Mixing } from '../../laws/adapters';
import { expectNear, numbers } from './cases';

/** One step of a transform of a gate, from g by a gradient. */
function stepped(method: ReturnType<typeof soraGate>, g: number[], gradient: number[]): number[] {
  const params = { gate: tensor(g) };
  const [updates] = method.update({ gate: tensor(gradient) }, method.init(params), params);
  return numbers(params.gate.add(updates.gate as Tensor));
}

describe('sora', () => {
  it('hangs gated adapters in matrices, starts as it says, and leaves the rest alone, with the reason', () => {
    const model = new Sequential([
      new Linear(6, 5, { key: random.key(1) }),
      new Embedding(4, 3, { key: random.key(2) }),
    ]);
    const { adapted, untouched } = sora(model, { rank: 64, alpha: 32, dropout: 0.25, seed: 3 });
    expect(adapted).toEqual([{ path: 'layers.0', shape: [5, 6], rank: 64, scale: 0.5 }]);
    expect(untouched.find(({ path }) => path === 'layers.1.weight')?.reason).toMatch(/embedding/);
    const { A, B, gate, dropout } = (model.layers[0] as Linear).lora as GatedLora;
    expect(dropout).toBe(0.25);
    expect(numbers(B).every((b) => b === 0)).toBe(true);
    // Uniform within 1/√6, and 384 of them come near to both ends: they miss one with a chance of 0.945^384 = 4e-10.
    const largest = [Math.max(...numbers(A)), -Math.min(...numbers(A))].map((x) => x * Math.sqrt(6));
    expect(Math.min(...largest)).toBeGreaterThan(0.89);
    expect(Math.max(...largest)).toBeLessThanOrEqual(1 + 1e-6);
    // N(0, 1): the mean square x of n is out of bounds with a chance below exp(−n/2·(x − 1 − ln x)), 6e-10 at either of these.
    const square = numbers(gate).reduce((sum, g) => sum + g * g, 0) / 64;
    expect(square).toBeGreaterThan(0.24);
    expect(square).toBeLessThan(2.7);
    const again = new Linear(6, 5, { key: random.key(1) });
    sora(again, { rank: 64, seed: 4 });
    expect(numbers((again.lora as GatedLora).gate)).not.toEqual(numbers(gate));
    expect(sora(new Linear(6, 5, { key: random.key(1) }), { rank: 4, rankStabilized: true }).adapted[0]?.scale).toBe(8);
  });

  const dyadic = (shape: number[], seed: number): Tensor => {
    const values = numbers(random.uniform(random.key(seed), shape)).map((x) => Math.round(16 * x - 8) / 8);
    return tensor(values, { shape });
  };

  it('compact leaves the outputs of a layer with closed gates exactly as they are', async () => {
    const layer = new Linear(6, 5, { key: random.key(1) });
    sora(layer, { rank: 4, alpha: 2 });
    // Small multiples of powers of two, so that no sum is rounded, in whatever order it is taken.
    layer.load({
      weight: dyadic([5, 6], 1),
      bias: dyadic([5], 2),
      'lora.A': dyadic([4, 6], 3),
      'lora.B': dyadic([5, 4], 4),
      'lora.gate': tensor([0, 0.5, 0, -1.25]),
    });
    const x = dyadic([7, 6], 5);
    const before = numbers(layer.forward(x));
    expect(await compact(layer)).toEqual([{ path: '', before: 4 * 12, after: 2 * 12 }]);
    expect(numbers(layer.forward(x))).toEqual(before);
    expect(numbers((layer.lora as GatedLora).gate)).toEqual([0.5, -1.25]);
    expect((layer.lora as GatedLora).scale).toBe(0.5);
    layer.load({ ...layer.state(), 'lora.gate': tensor([0, 0]) });
    await compact(layer);
    expect(layer.lora).toBeNull();
  });

  it('with gates of 1 it is LoRA, and scaled by them in B otherwise', () => {
    const [gated, plain] = [0, 1].map(() => new Linear(6, 5, { key: random.key(1) })) as [Linear, Linear];
    sora(gated, { rank: 3, alpha: 6 });
    lora(plain, { rank: 3, alpha: 6 });
    const [A, B, x] = [
      random.normal(random.key(2), [3, 6]),
      random.normal(random.key(3), [5, 3]),
      random.normal(random.key(4), [9, 6]),
    ];
    const gate = tensor([1, -0.5, 3]);
    gated.load({ ...gated.state(), 'lora.A': A, 'lora.B': B, 'lora.gate': tensor([1, 1, 1]) });
    plain.load({ ...plain.state(), 'lora.A': A, 'lora.B': B });
    expectNear(numbers(gated.forward(x)), numbers(plain.forward(x)), 8);
    gated.load({ ...gated.state(), 'lora.gate': gate });
    plain.load({ ...plain.state(), 'lora.B': B.mul(gate) });
    expectNear(numbers(gated.forward(x)), numbers(plain.forward(x)), 8);
  });
});

describe('the step of the gate', () => {
  const g = [0.3, -0.3, 0.14, -0.11, 0.1, 0.09, -0.05, 0];

  it('is optimal: it minimises (q − p)²/2 + ξ·|q|, against a grid', () => {
    const step = chain(sgd({ learningRate: 0 }), softThreshold({ threshold: 0.1 }));
    const params = { gate: tensor(g) };
    const [updates] = step.update({ gate: tensor(g.map(() => 1)) }, step.init(params), params);
    const values = numbers(params.gate.add(updates.gate as Tensor));
    const goal = (q: number, p: number): number => (q - p) ** 2 / 2 + 0.1 * Math.abs(q);
    const grid = Array.from({ length: 513 }, (_, i) => (i - 256) / 512);
    for (const [i, p] of g.entries()) {
      const q = values[i] as number;
      expect(goal(q, p)).toBeLessThanOrEqual(Math.min(...grid.map((other) => goal(other, p))) + 1e-7);
      if (Math.abs(p) < 0.1) expect(q).toBe(0);
    }
  });

  it('leaves fewer gates open, the larger λ is', () => {
    const open = [0, 0.5, 1, 2, 4, 8].map(
      (lambda) =>
        stepped(soraGate({ learningRate: 0.05, lambda }), g, [1, 1, -1, 1, -1, 1, -1, 1]).filter((x) => x !== 0).length,
    );
    expect(open).toEqual([...open].sort((a, b) => b - a));
    expect(open[0]).toBe(8);
    expect(open.at(-1)).toBe(0);
  });

  it('is Adam, with its ε and one correction for the step, where λ is 0', () => {
    const gradient = [1, -2, 0.5, 1e-6, 0.1, -0.2, 3, -1e-5];
    const expected = g.map((p, i) => {
      const d = gradient[i] as number;
      return p - (0.05 * ((Math.sqrt(1 - 0.999) / (1 - 0.9)) * (0.1 * d))) / (Math.sqrt(0.001 * d * d) + 1e-6);
    });
    expectNear(stepped(soraGate({ learningRate: 0.05, lambda: 0 }), g, gradient), expected, 4);
  });

  it('has the threshold η·λ, or λ alone; both may be schedules; decay is of the value before the step', () => {
    const still = g.map(() => 1e-30); // Adam does not move by it: ε is larger
    const soft = (xi: number, shrunk = 1): number[] =>
      g.map((p) => Math.sign(p) * Math.max(Math.abs(p * shrunk) - xi, 0) + 0);
    const near = (method: ReturnType<typeof soraGate>, expected: number[]): void =>
      expectNear(stepped(method, g, still), expected, 4);
    near(soraGate({ learningRate: 0.05, lambda: 2 }), soft(0.1));
    near(soraGate({ learningRate: 0.05, lambda: 0.1, scaled: false }), soft(0.1));
    near(soraGate({ learningRate: () => 0.05, lambda: schedules.logLinear({ from: 2, to: 5, steps: 9 }) }), soft(0.1));
    near(soraGate({ learningRate: 0.5, lambda: 0.2, weightDecay: 0.4 }), soft(0.1, 0.8));
    near(
      soraGate({ learningRate: 0.05, lambda: 2, rule: 'published' }),
      soft(0.1).map((q, i) => (Math.abs(g[i] as number) < 0.2 ? 0 : q)),
    );
  });

  it('a schedule counts the steps, and a threshold below 0 is refused', () => {
    const params = { gate: tensor([1]) };
    const method = softThreshold({ threshold: (step) => [0.25, 0.5, -1][step] as number });
    const zero = { gate: tensor([0]) };
    const [first, one] = method.update(zero, method.init(params), params);
    const [second, two] = method.update(zero, one, params);
    expect([...numbers(first.gate), ...numbers(second.gate)]).toEqual([-0.25, -0.5]);
    expect(() => method.update(zero, two, params)).toThrow(/options\/range/);
  });
});

it('schedules.logLinear is the logarithm of a straight line, without overflow, up and down', () => {
  const up = schedules.logLinear({ from: 1, to: 3, steps: 4 });
  for (const step of [0, 1, 2, 3]) {
    expect(up(step)).toBeCloseTo(Math.log(Math.exp(1) + ((Math.exp(3) - Math.exp(1)) * step) / 4), 12);
  }
  expect([up(4), up(9)]).toEqual([3, 3]);
  const down = schedules.logLinear({ from: 1000, steps: 2 });
  expect([down(0), down(1)].map((x) => x.toFixed(6))).toEqual(['1000.000000', (1000 + Math.log(0.5)).toFixed(6)]);
});

describe('SoRA, gates that become zero, on a layer of a user', () => {
  const input = random.normal(random.key(6), [4, 6, 3]);

  it('is trained by a partition, loses components, and is compacted to those that are left', async () => {
    const layer = new Mixing(6, random.key(3));
    sora(layer, { rank: 4, alpha: 8 });
    const gated = layer.lora as GatedLora;
    const [up, down] = [7, 8].map((seed) => random.normal(random.key(seed), [6, 1])) as [Tensor, Tensor];
    const target = layer.forward(input).add(up.matmul(down.matmul(input, { transposeA: true }))); // a change of rank 1
    const method = partition(
      { gate: soraGate({ learningRate: 0.05, lambda: 0.8 }), factors: adam({ learningRate: 0.05 }) },
      (path) => (path.endsWith('.gate') ? 'gate' : 'factors'),
    );
    const loss = () => mseLoss(layer.forward(input), target);
    const training = trainer({ model: layer, transform: method, loss, seed: 0 });
    const first = training.step(null).loss as number;
    for (let step = 0; step < 60; step++) training.step(null);
    expect(training.step(null).loss).toBeLessThan(first / 2);
    const open = numbers(gated.gate).filter((g) => g !== 0).length;
    expect(open).toBeGreaterThan(0);
    expect(open).toBeLessThan(4);
    const y = numbers(layer.forward(input));
    expect(await compact(layer)).toEqual([{ path: '', before: 4 * 13, after: open * 13 }]);
    expectNear(numbers(layer.forward(input)), y, 8);
  });

  it('takes a match, and refuses a model without a matrix', () => {
    const model = new MLP({ sizes: [4, 4, 4], key: random.key(0) });
    expect(sora(model, { rank: 2, match: 'layers.1' }).adapted.map(({ path }) => path)).toEqual(['layers.1']);
    expect(() => sora(new Embedding(4, 3, { key: random.key(0) }), {})).toThrow(/adapter\/no-match/);
    expect((model.layers[1]?.lora as unknown) instanceof GatedLora).toBe(true);
  });
});
