import { describe, expect, it } from 'vitest';
import {
  adamw,
  applyUpdates,
  chain,
  type GradientTransform,
  imbalanceLora,
  imbalancePenalty,
  Linear,
  linalg,
  lora,
  mseLoss,
  piLora,
  preconditionPairs,
  random,
  scale,
  type Tensor,
  trainer,
  zeros,
} from '../../../src/index';
import { differences, expectNear, numbers, open, times } from './cases';
import { added, gram, inputs, outputs, pairOf, rank, slopes, squares, zerosOf } from './penalties';

/** ‖BᵀB − ω·AAᵀ‖² */
const imbalance = (a: readonly number[], b: readonly number[], omega: number): number => {
  const ofA = gram(a, 'rows');
  return squares(gram(b, 'columns').map((g, i) => g - omega * (ofA[i] as number)));
};

describe('imbalancePenalty', () => {
  it.each([1, 0.5, outputs / inputs])('adds λ times the gradient of ‖BᵀB − %s·AAᵀ‖²', (omega) => {
    const params = pairOf();
    const [A, B] = [numbers(params['lora.A']), numbers(params['lora.B'])];
    const { A: ofA, B: ofB } = added(imbalancePenalty({ strength: 0.3, ratio: omega }), params);
    expectNear(
      ofA,
      slopes((a) => 0.3 * imbalance(a, B, omega), A),
      64,
    );
    expectNear(
      ofB,
      slopes((b) => 0.3 * imbalance(A, b, omega), B),
      64,
    );
  });

  it('has ω = out/in and λ = 0.1 by default', () => {
    const params = pairOf();
    expect(added(imbalancePenalty(), params)).toEqual(
      added(imbalancePenalty({ strength: 0.1, ratio: outputs / inputs }), params),
    );
  });

  it('is zero where BᵀB = ω·AAᵀ, and there entries of both factors have one size for ω = out/in', () => {
    // B = √ω·Q·r with orthonormal Q has BᵀB = ω·rᵀr = ω·AAᵀ.
    const Q = linalg.qr(random.normal(random.key(3), [outputs, rank])).q;
    const A = pairOf()['lora.A'] as Tensor;
    const { r } = linalg.qr(A.transpose()); // AAᵀ = rᵀ·r
    const balanced = { 'lora.A': A, 'lora.B': Q.matmul(r).mul(Math.sqrt(outputs / inputs)) };
    const at = added(imbalancePenalty({ strength: 1 }), balanced);
    const size = squares(numbers(balanced['lora.B'])) ** 1.5; // of a product of three such matrices
    for (const g of [...at.A, ...at.B]) expect(Math.abs(g)).toBeLessThan(64 * 2 ** -24 * size);
    const meanSquare = (t: Tensor | undefined): number => squares(numbers(t)) / (t as Tensor).size;
    expect(meanSquare(balanced['lora.B'])).toBeCloseTo(meanSquare(A), 5);
  });

  it('does not depend on how a product is factored by an orthogonal Q: gradients at (B·Q, Qᵀ·A) are those times Q', () => {
    const { 'lora.A': A, 'lora.B': B } = pairOf() as { 'lora.A': Tensor; 'lora.B': Tensor };
    const Q = linalg.qr(random.normal(random.key(8), [rank, rank])).q;
    const turned = added(imbalancePenalty(), { 'lora.A': Q.transpose().matmul(A), 'lora.B': B.matmul(Q) });
    const { A: ofA, B: ofB } = added(imbalancePenalty(), pairOf());
    expectNear(turned.B, times(ofB, numbers(Q), rank), 64);
    expectNear(turned.A, times(numbers(Q.transpose()), ofA, rank), 64);
  });

  it.each([1, 3])('with ω = %s moves B·A by −4λη·(1 − ω)·B·D·A at first', (omega) => {
    const { 'lora.A': A, 'lora.B': B } = pairOf() as { 'lora.A': Tensor; 'lora.B': Tensor };
    const { A: ofA, B: ofB } = added(imbalancePenalty({ strength: 0.1, ratio: omega }), pairOf());
    const [a, b] = [numbers(A), numbers(B)];
    const gramOfA = gram(a, 'rows');
    const D = gram(b, 'columns').map((g, i) => g - omega * (gramOfA[i] as number));
    const BDA = times(times(b, D, rank), a, rank);
    const forB = times(ofB, a, rank);
    const change = times(b, ofA, rank).map((c, i) => c + (forB[i] as number));
    expectNear([...change, ...forB], [...BDA.map((c) => 0.4 * (1 - omega) * c), ...forB], 64); // on the scale of its terms
  });

  it('draws the factors to the imbalance that it was given', () => {
    const params = pairOf();
    const before = imbalance(numbers(params['lora.A']), numbers(params['lora.B']), 2);
    for (let step = 0; step < 60; step++) {
      const [grads] = imbalancePenalty({ strength: 0.5, ratio: 2 }).update(zerosOf(params), [], params);
      applyUpdates(params, scale(-0.01).update(grads, [], params)[0]);
    }
    expect(imbalance(numbers(params['lora.A']), numbers(params['lora.B']), 2)).toBeLessThan(0.01 * before);
  });

  it('leaves a factor without a gradient alone', () => {
    const params = pairOf();
    const [updates] = imbalancePenalty().update({ 'lora.B': zeros([outputs, rank]) }, [], params);
    expect(Object.keys(updates)).toEqual(['lora.B']);
  });

  it('refuses ω = 0', () => {
    expect(() => imbalancePenalty({ ratio: 0 })).toThrow(expect.objectContaining({ code: 'options/range' }));
  });
});

/** Steps of a regression with LoRA. */
function regression<S>(transform: GradientTransform<S>) {
  const layer = new Linear(inputs, outputs, { key: random.key(5) });
  lora(layer, { rank, alpha: 4 });
  const [x, y] = [random.normal(random.key(6), [8, inputs]), random.normal(random.key(7), [8, outputs])];
  const run = trainer({ model: layer, transform, loss: (_: null) => mseLoss(layer.forward(x), y), seed: 0 });
  for (let step = 0; step < 4; step++) run.step(null);
  return open(layer.parameters());
}

describe('imbalanceLora and piLora', () => {
  const optimizer = { learningRate: 0.05, beta2: 0.9, weightDecay: 0.1 };

  it('are adamw, and adamw with the preconditioner, to the bit with λ = 0', () => {
    expect(regression(imbalanceLora({ ...optimizer, strength: 0 }))).toEqual(regression(adamw(optimizer)));
    expect(regression(piLora({ ...optimizer, strength: 0, damping: 0.2 }))).toEqual(
      regression(chain(preconditionPairs({ damping: 0.2 }), adamw(optimizer))),
    );
  });

  it('have the penalty before all else, with the options that they were given', () => {
    const penalty = { strength: 0.2, ratio: 3 };
    const byHand = regression(chain(imbalancePenalty(penalty), adamw(optimizer)));
    expect(regression(imbalanceLora({ ...optimizer, ...penalty }))).toEqual(byHand);
    const preconditioned = chain(imbalancePenalty(penalty), preconditionPairs({ damping: 0.2 }), adamw(optimizer));
    const pi = regression(piLora({ ...optimizer, ...penalty, damping: 0.2 }));
    expect(pi).toEqual(regression(preconditioned));
    expect(differences(pi['lora.B'] as number[], byHand['lora.B'] as number[]).some((d) => d !== 0)).toBe(true);
  });
});
