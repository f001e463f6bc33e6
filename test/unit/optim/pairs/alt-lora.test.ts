import { describe, expect, it } from 'vitest';
import { altLora, altLoraPlus, linalg, type Params, random, sum, type Tensor, trainer } from '../../../../src/index';
import { apart, comparePaths, type Method, numbers, path, start } from './two-factorings';

const unit = 2 ** -24;
const usual = { learningRate: 0.3, beta1: 0.9, damping: 0, weightDecay: 0 };

describe('AltLoRA, which evaluates the loss twice in a step', () => {
  it('moves W by −η·P·G with A alone, for P on the columns of B', () => {
    const { A, B } = start();
    const G = random.normal(random.key(9), [5, 6]);
    const params = { 'lora.A': A, 'lora.B': B };
    const { transform } = altLora(usual);
    const [updates] = transform.update({ 'lora.A': B.transpose().matmul(G) }, transform.init(params), params);
    const { q } = linalg.qr(B);
    const expected = q.matmul(q.transpose()).matmul(G).mul(-usual.learningRate);
    // BᵀB, whose condition is about 10, is inverted in float32.
    expect(apart(numbers(B.matmul(updates['lora.A'] as Tensor)), numbers(expected))).toBeLessThan(640 * unit);
  });

  it('with η = 1 and no momentum solves for each factor in turn, so that one step fits a target of its rank', () => {
    const target = random.normal(random.key(7), [5, 2]).matmul(random.normal(random.key(8), [2, 6]));
    const lossAfter = (twice: boolean, scale = 1): number => {
      const params: Params = {
        'lora.A': random.normal(random.key(5), [2, 6]),
        'lora.B': random.normal(random.key(6), [5, 2]),
      };
      const { transform, gradients } = altLora({ ...usual, learningRate: 1, beta1: 0, scale });
      const product = (): Tensor => (params['lora.B'] as Tensor).matmul(params['lora.A'] as Tensor).mul(scale);
      const loss = (): Tensor => sum(product().sub(target).square()).mul(0.5);
      const training = trainer({ params, transform, loss, seed: 0, ...(twice && { gradients }) });
      training.step(undefined);
      return Math.sqrt(2 * (loss().dataSync()[0] as number));
    };
    const size = Math.sqrt(numbers(target).reduce((sum, x) => sum + x * x, 0));
    expect(lossAfter(true)).toBeLessThan(1e-4 * size); // the second gradient is taken where A has been solved for
    expect(lossAfter(true, 3)).toBeLessThan(1e-4 * size); // 1/s² of the gradient, and s² of the step
    expect(lossAfter(false)).toBeGreaterThan(0.1 * size);
  });

  it('moves both factorings of one weight alike, and AltLoRA+ does not', () => {
    const runs = comparePaths(() => altLora({ ...usual, weightDecay: 0.1 }) as Method);
    // As for LoRA-RITE, but the inverses are those of BᵀB and AAᵀ, whose condition is the square.
    const limit = 2 * unit * (64 * runs.condition ** 2 * runs.length + 30 * runs.size);
    expect(runs.moved).toBeGreaterThan(0.5);
    expect(runs.apart).toBeLessThan(limit);
    const plus = comparePaths(() => altLoraPlus({ ...usual, learningRate: 0.05 }) as Method);
    expect(plus.apart).toBeGreaterThan(50 * limit);
  });

  it('moves W of an adapter of scale s as with scale 1 and s·A', () => {
    const { A, B } = start();
    const one = path(() => altLora(usual) as Method, { A: A.mul(4), B }, { steps: 5 });
    const scaled = path(() => altLora({ ...usual, scale: 4 }) as Method, { A, B }, { steps: 5, scale: 4 });
    expect(apart(scaled.weights.flat(), one.weights.flat())).toBeLessThan(64 * unit);
  });

  it('damps the fit: a direction of B of size σ moves σ²/(σ² + λ) as far', () => {
    const { A } = start();
    const { q } = linalg.qr(start().B);
    const G = random.normal(random.key(9), [5, 6]);
    const params = { 'lora.A': A, 'lora.B': q.mul(2) };
    const stepOf = (damping: number): number[] => {
      const { transform } = altLora({ ...usual, damping });
      const grads = { 'lora.A': params['lora.B'].transpose().matmul(G) };
      return numbers(transform.update(grads, transform.init(params), params)[0]['lora.A']);
    };
    const [free, damped] = [stepOf(0), stepOf(4)];
    expect(
      apart(
        damped,
        free.map((x) => x / 2),
      ),
    ).toBeLessThan(64 * unit);
  });
});
