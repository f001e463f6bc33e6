import { describe, expect, it } from 'vitest';
import { adam, loraPlus, random, schedules, type Tensor, zeros } from '../../../../src/index';
import { apart, numbers } from './two-factorings';

const params = (): Record<string, Tensor> => ({
  'a.lora.A': random.normal(random.key(1), [2, 6]),
  'a.lora.B': zeros([5, 2]),
  'a.bias': random.normal(random.key(2), [5]),
  weight: random.normal(random.key(3), [3, 4]),
});
const gradients = (): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(params()).map(([path, { shape }], i) => [path, random.normal(random.key(4 + i), shape)]),
  );

function first(options: Partial<Parameters<typeof loraPlus>[0]>, grads = gradients()) {
  const transform = loraPlus({ learningRate: 0.1, ...options });
  return transform.update(grads, transform.init(params()), params())[0] as Record<string, Tensor>;
}

describe('LoRA+', () => {
  it('with ratio 1 is Adam', () => {
    const plain = adam({ learningRate: 0.1 });
    const [expected] = plain.update(gradients(), plain.init(params()), params());
    const updates = first({ ratio: 1 });
    for (const path of Object.keys(params())) expect(numbers(updates[path])).toEqual(numbers(expected[path]));
  });

  it('has B and vectors step ratio times as far, also along a schedule', () => {
    const one = first({ ratio: 1 });
    for (const learningRate of [0.1, schedules.constant(0.1)]) {
      const updates = first({ ratio: 8, learningRate });
      for (const [path, factor] of Object.entries({ 'a.lora.A': 1, 'a.lora.B': 8, 'a.bias': 8, weight: 1 }))
        expect(apart(numbers(updates[path]), numbers(one[path]?.mul(factor)))).toBeLessThan(1e-7);
    }
  });

  it('with a dominant ε is SGD, whose step from B = 0 is −ratio·η·s²·G·AᵀA', () => {
    const [s, epsilon, eta] = [2, 1e6, 0.1];
    const { 'a.lora.A': A } = params() as { 'a.lora.A': Tensor };
    const G = random.normal(random.key(9), [5, 6]);
    const grads = { 'a.lora.A': zeros([2, 6]), 'a.lora.B': G.matmul(A.transpose()).mul(s) };
    const { 'a.lora.B': step } = first({ ratio: 16, epsilon, learningRate: eta * epsilon }, grads) as {
      'a.lora.B': Tensor;
    };
    const expected = numbers(G.matmul(A.transpose().matmul(A)).mul(-16 * eta * s * s));
    const size = Math.max(...expected.map(Math.abs));
    expect(apart(numbers(step.matmul(A).mul(s)), expected)).toBeLessThan(2e-5 * size); // |g|/ε
  });

  it('decays matrices, each by its own rate, and no vector', () => {
    const [plain, decayed] = [first({ ratio: 4 }), first({ ratio: 4, weightDecay: 0.5 })];
    const decay = (path: string): number[] =>
      numbers(plain[path]).map((x, i) => x - (numbers(decayed[path])[i] as number));
    expect(apart(decay('weight'), numbers(params().weight?.mul(0.1 * 0.5)))).toBeLessThan(1e-6);
    expect(decay('a.bias').every((x) => x === 0)).toBe(true);
  });
});
