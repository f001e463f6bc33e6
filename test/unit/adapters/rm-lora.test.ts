import binomial from '@stdlib/stats-base-dists-binomial';
import { describe, expect, it } from 'vitest';
import {
  adamw,
  applyUpdates,
  chain,
  type GradientTransform,
  Linear,
  linalg,
  lora,
  masked,
  maskGradients,
  mseLoss,
  orthogonalPenalty,
  random,
  rmLora,
  scale,
  sgd,
  type Tensor,
  trainer,
  transpose,
  zeros,
} from '../../../src/index';
import { expectNear, numbers, open } from './cases';
import { added, gram, inputs, outputs, pairOf, rank, slopes, squares, zerosOf } from './penalties';

const identity = [1, 0, 0, 1];
const penalty = (values: readonly number[], axis: 'rows' | 'columns'): number =>
  squares(gram(values, axis).map((g, i) => g - (identity[i] as number)));

describe('orthogonalPenalty', () => {
  it('adds λ times the gradient of ‖AAᵀ − I‖², and for both that of ‖BᵀB − I‖²', () => {
    const params = pairOf();
    const [A, B] = [numbers(params['lora.A']), numbers(params['lora.B'])];
    const both = added(orthogonalPenalty({ strength: 0.3, factors: 'both' }), params);
    expectNear(
      both.A,
      slopes((a) => 0.3 * penalty(a, 'rows'), A),
      32,
    );
    expectNear(
      both.B,
      slopes((b) => 0.3 * penalty(b, 'columns'), B),
      32,
    );
    const alone = added(orthogonalPenalty({ strength: 0.3 }), params);
    expect(alone.A).toEqual(both.A);
    expect(alone.B.every((g) => g === 0)).toBe(true);
    expectNear(
      added(orthogonalPenalty(), params).A,
      slopes((a) => 0.1 * penalty(a, 'rows'), A),
      32,
    );
  });

  it('adds to the gradients that there are, and leaves others alone', () => {
    const params = { ...pairOf(), 'head.weight': random.normal(random.key(3), [2, 2]) };
    const grads = { 'lora.A': random.normal(random.key(4), [rank, inputs]), 'head.weight': params['head.weight'] };
    const [updates] = orthogonalPenalty({ factors: 'both' }).update(grads, [], params);
    expect(Object.keys(updates)).toEqual(['lora.A', 'head.weight']); // none for B, which has no gradient
    expect(updates['head.weight']).toBe(grads['head.weight']);
    const alone = added(orthogonalPenalty(), params).A;
    expectNear(
      numbers(updates['lora.A']),
      numbers(grads['lora.A']).map((g, i) => g + (alone[i] as number)),
      4,
    );
  });

  it('is zero at orthonormal factors, and that of B at B = 0 too', () => {
    const { 'lora.A': A, 'lora.B': B } = pairOf();
    const orthonormal = {
      'lora.A': transpose(linalg.qr(transpose(A as Tensor)).q),
      'lora.B': linalg.qr(B as Tensor).q,
    };
    const both = orthogonalPenalty({ strength: 1, factors: 'both' });
    const at = added(both, orthonormal);
    for (const g of [...at.A, ...at.B]) expect(Math.abs(g)).toBeLessThan(64 * 2 ** -24); // 4·(AAᵀ − I)·A, each to rounding
    const start = { 'lora.A': A as Tensor, 'lora.B': zeros([outputs, rank]) };
    expect(added(both, start).B.every((g) => g === 0)).toBe(true);
    expect(penalty(numbers(start['lora.B']), 'columns')).toBe(rank); // though the penalty is not
  });

  it('draws A to orthonormal rows', () => {
    const params = pairOf();
    const transform = chain(orthogonalPenalty({ strength: 0.5 }), scale(-0.05));
    for (let step = 0; step < 200; step++)
      applyUpdates(params, transform.update(zerosOf(params), transform.init(params), params)[0]);
    expectNear(gram(numbers(params['lora.A']), 'rows'), identity, 64);
  });
});

/** Steps of a regression with LoRA. */
function regression<S>(transform: GradientTransform<S>, steps = 4) {
  const layer = new Linear(inputs, outputs, { key: random.key(5) });
  lora(layer, { rank, alpha: 4 });
  const [x, y] = [random.normal(random.key(6), [8, inputs]), random.normal(random.key(7), [8, outputs])];
  const run = trainer({ model: layer, transform, loss: (_: null) => mseLoss(layer.forward(x), y), seed: 0 });
  for (let step = 0; step < steps; step++) run.step(null);
  return open(layer.parameters());
}

describe('maskGradients', () => {
  const g = random.normal(random.key(8), [40, 50]);
  const through = (transform: ReturnType<typeof maskGradients>, step = 0, path = 'w'): number[] =>
    numbers(transform.update({ [path]: g }, { step }, {})[0][path]);

  it('keeps an entry as it is or makes it 0, and with rescale divides by p', () => {
    const [kept, divided] = [
      through(maskGradients({ keep: 0.7 })),
      through(maskGradients({ keep: 0.7, rescale: true })),
    ];
    for (const [i, entry] of numbers(g).entries()) expect([0, entry]).toContain(kept[i]);
    expectNear(
      divided,
      kept.map((v) => v / 0.7),
      2,
    );
  });

  it.each([0.3, 0.7])('keeps each entry with probability %s, so that the mean is p times the gradient', (keep) => {
    // 2000 entries in 5 steps are 10,000 independent draws; a right one is called wrong with chance 1e-9.
    const transform = maskGradients({ keep, seed: 2 });
    const draws = [0, 1, 2, 3, 4].flatMap((step) => through(transform, step));
    const hits = draws.filter((v) => v !== 0).length;
    const [low, high] = [5e-10, 1 - 5e-10].map((q) => binomial.quantile(q, draws.length, keep));
    expect(hits).toBeGreaterThanOrEqual(low as number);
    expect(hits).toBeLessThanOrEqual(high as number);
  });

  it('draws other masks in every step, for every path and from every seed, and the same ones again', () => {
    const zerosAt = (values: readonly number[]): string => values.map((v) => (v === 0 ? '0' : '1')).join('');
    const one = maskGradients({ keep: 0.5, seed: 1 });
    const drawn = [
      through(one),
      through(one, 1),
      through(one, 0, 'v'),
      through(maskGradients({ keep: 0.5, seed: 2 })),
    ].map(zerosAt);
    expect(new Set(drawn).size).toBe(4);
    expect(zerosAt(through(one))).toBe(drawn[0]);
    expect(one.update({ w: g }, { step: 6 }, {})[1]).toEqual({ step: 7 });
  });

  it('leaves what is masked where it is under SGD', () => {
    const params = { w: random.normal(random.key(9), [40, 50]) };
    const before = numbers(params.w);
    const transform = chain(maskGradients({ keep: 0.4 }), sgd({ learningRate: 0.1 }));
    const [updates] = transform.update({ w: g }, transform.init(params), params);
    applyUpdates(params, updates);
    const kept = through(maskGradients({ keep: 0.4 }));
    for (const [i, w] of numbers(params.w).entries()) {
      if (kept[i] === 0) expect(w).toBe(before[i]);
      else expect(w).not.toBe(before[i]);
    }
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses keep = %s', (keep) => {
    expect(() => maskGradients({ keep })).toThrow(expect.objectContaining({ code: 'options/range' }));
  });
});

describe('rmLora', () => {
  it('is adamw to the bit with λ = 0 and p = 1', () => {
    const plain = regression(adamw({ learningRate: 0.05, weightDecay: 0.1 }));
    expect(regression(rmLora({ learningRate: 0.05, strength: 0, keep: 1, weightDecay: 0.1 }))).toEqual(plain);
    expect(regression(rmLora({ learningRate: 0.05, strength: 0.1, keep: 1, weightDecay: 0.1 }))).not.toEqual(plain);
    expect(regression(rmLora({ learningRate: 0.05, strength: 0, keep: 0.5, weightDecay: 0.1 }))).not.toEqual(plain);
  });

  it('penalizes, masks and steps, in this order, with the options that it was given', () => {
    const given = { strength: 0.2, factors: 'both', keep: 0.6, rescale: true, seed: 9 } as const;
    const { strength, factors, ...masks } = given;
    const byHand = chain(
      orthogonalPenalty({ strength, factors }),
      maskGradients(masks),
      adamw({ learningRate: 0.05, beta1: 0.8, weightDecay: 0.1 }),
    );
    expect(regression(rmLora({ learningRate: 0.05, beta1: 0.8, weightDecay: 0.1, ...given }))).toEqual(
      regression(byHand),
    );
  });

  it('wants adapters', () => {
    const params = { weight: zeros([2, 2]) };
    const transform = rmLora({ learningRate: 0.1 });
    expect(() => transform.update(params, transform.init(params), params)).toThrow(
      expect.objectContaining({ code: 'pairs/none' }),
    );
  });

  it('can mask the gradients of adapters alone', () => {
    const grads = { 'lora.A': random.normal(random.key(1), [20, 20]), head: random.normal(random.key(2), [20, 20]) };
    const transform = masked(maskGradients({ keep: 0.5 }), (path) => path.includes('lora.'));
    const [updates] = transform.update(grads, transform.init(grads), grads);
    expect(updates.head).toBe(grads.head);
    expect(numbers(updates['lora.A']).some((v) => v === 0)).toBe(true);
  });
});
