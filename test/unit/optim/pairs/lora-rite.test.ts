import { describe, expect, it } from 'vitest';
import { adam, applyUpdates, type LoraRiteOptions, loraRite, random, type Tensor } from '../../../../src/index';
import { apart, comparePaths, factors, numbers, path, start } from './two-factorings';

const unit = 2 ** -24;
const usual = { learningRate: 0.05 };

/** Two factors after some steps with given gradients of the weight, whose ranks and shapes may be any. */
function run(options: Partial<LoraRiteOptions>, steps = 3, [n, m, r]: readonly [number, number, number] = [5, 6, 2]) {
  const transform = loraRite({ ...usual, ...options });
  const params = { 'lora.A': random.normal(random.key(1), [r, m]), 'lora.B': random.normal(random.key(2), [n, r]) };
  let state = transform.init(params);
  const updates = Array.from({ length: steps }, (_, t) => {
    const G = random.normal(random.key(3 + t), [n, m]).mul(0.05);
    const { A, B } = factors(params);
    const grads = { 'lora.A': B.transpose().matmul(G), 'lora.B': G.matmul(A.transpose()) };
    const [moved, next] = transform.update(grads, state, params);
    applyUpdates(params, moved);
    state = next;
    return moved;
  });
  return { ...factors(params), core: state[0].pairs, updates };
}
const gram = (x: Tensor): number[] => numbers(x.transpose().matmul(x));
const identity = (r: number, scale = 1): number[] => Array.from({ length: r * r }, (_, i) => (i % (r + 1) ? 0 : scale));
const rms = (x: readonly number[]): number => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length);

describe('LoRA-RITE', () => {
  it('moves both factorings of one weight alike, with momentum and decay, where Adam does not', () => {
    const rite = comparePaths(() => ({ transform: loraRite({ ...usual, weightDecay: 0.1 }) }));
    const plain = comparePaths(() => ({ transform: adam(usual) }));
    // A step is a chain of fewer than 64 roundings, which R⁺ makes larger by the condition of a factor, and each weight is
    // rounded. What an early step has lost does not grow: the regression pulls both paths to one solution.
    const limit = 2 * unit * (64 * rite.condition * rite.length + 30 * rite.size);
    expect(rite.moved).toBeGreaterThan(0.5);
    expect(rite.apart).toBeLessThan(limit);
    expect(plain.apart).toBeGreaterThan(100 * limit);
  });

  it('moves W of an adapter of scale s as with scale 1 and s·A', () => {
    const { A, B } = start();
    const one = path(() => ({ transform: loraRite(usual) }), { A: A.mul(4), B }, { steps: 5 });
    const scaled = path(() => ({ transform: loraRite({ ...usual, scale: 4 }) }), { A, B }, { steps: 5, scale: 4 });
    // A power of two changes no rounding but that of ε beside a root.
    expect(apart(scaled.weights.flat(), one.weights.flat())).toBeLessThan(64 * unit);
    const otherwise = path(() => ({ transform: loraRite(usual) }), { A, B }, { steps: 5, scale: 4 });
    expect(apart(otherwise.weights.flat(), one.weights.flat())).toBeGreaterThan(0.1);
  });

  it('whitens the first gradient: MᵀM/d = I for both factors', () => {
    const { core } = run({ epsilon: 0 }, 1);
    expect(apart(gram(core.mean['lora.A'] as Tensor), identity(2, 6))).toBeLessThan(1e-4);
    expect(apart(gram(core.mean['lora.B'] as Tensor), identity(2, 5))).toBeLessThan(1e-4);
  });

  it('keeps orthonormal bases and a symmetric mean square without negative eigenvalues', () => {
    const { core } = run({}, 6);
    for (const name of ['lora.A', 'lora.B']) {
      expect(apart(gram(core.basis[name] as Tensor), identity(2))).toBeLessThan(8 * unit);
      const [a, b, c, d] = numbers(core.square[name]) as [number, number, number, number];
      expect(Math.abs(b - c)).toBeLessThan(32 * unit * (a + d));
      expect(a * d - b * c).toBeGreaterThan(0);
    }
  });

  it('takes a rank above the smaller side', () => {
    const { core, updates } = run({}, 3, [3, 6, 4]);
    expect(core.mean['lora.A']?.shape).toEqual([6, 3]);
    for (const x of numbers(updates[2]?.['lora.A'])) expect(Number.isFinite(x)).toBe(true);
  });

  it('skips a gradient of W that is too large, and goes on', () => {
    const moved = numbers(run({ skip: 1e-3, clip: Infinity }, 1).updates[0]?.['lora.B']);
    expect(moved.every((x) => x === 0)).toBe(true);
  });

  it('clips all gradients to one joint norm, which the mean square shows', () => {
    const { core } = run({ clip: 1e-3, beta2: 0 }, 2);
    const mass = (name: string, d: number): number => d * trace(core.square[name] as Tensor);
    expect(Math.sqrt(mass('lora.A', 6) + mass('lora.B', 5))).toBeCloseTo(1e-3, 8);
  });

  it('caps a step in the basis of the other factor', () => {
    // An orthonormal B has R = I, and the step of A is η·M.
    const capped = run({ cap: 0.25 }, 1).updates[0] as Record<string, Tensor>;
    const free = run({}, 1).updates[0] as Record<string, Tensor>;
    expect(rms(numbers(free['lora.A']))).toBeCloseTo(4 * rms(numbers(capped['lora.A'])), 5);
  });

  it('balances the norms of the factors and leaves their product', () => {
    const [plain, balanced] = [run({}, 1), run({ balance: true }, 1)];
    expect(apart(numbers(plain.B.matmul(plain.A)), numbers(balanced.B.matmul(balanced.A)))).toBeLessThan(2e-5);
    const norm = (x: Tensor): number => rms(numbers(x)) * Math.sqrt(x.size);
    expect(norm(balanced.A)).toBeCloseTo(norm(balanced.B), 4);
    expect(Math.abs(norm(plain.A) - norm(plain.B))).toBeGreaterThan(0.1);
  });
});

const trace = (x: Tensor): number =>
  numbers(x).reduce((sum, v, i) => (i % ((x.shape[0] as number) + 1) ? sum : sum + v), 0);
