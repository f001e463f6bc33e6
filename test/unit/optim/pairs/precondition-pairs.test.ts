import { describe, expect, it } from 'vitest';
import { adam, chain, linalg, preconditionPairs, random, sgd, type Tensor, tensor, zeros } from '../../../../src/index';
import { apart, comparePaths, numbers, refactored, start } from './two-factorings';

const unit = 2 ** -24;
const G = random.normal(random.key(9), [5, 6]);

/** The first-order change of B·A for gradients through the preconditioner. */
function change({ A, B }: { A: Tensor; B: Tensor }, damping: number): Tensor {
  const grads = { 'lora.A': B.transpose().matmul(G), 'lora.B': G.matmul(A.transpose()) };
  const [{ 'lora.A': ofA, 'lora.B': ofB }] = preconditionPairs({ damping }).update(grads, [], {
    'lora.A': A,
    'lora.B': B,
  });
  return B.matmul(ofA as Tensor).add((ofB as Tensor).matmul(A));
}

describe('preconditionPairs', () => {
  it('makes the first-order step of W the projections of G, P·G + G·Q, for every factoring', () => {
    const { A, B } = start();
    const [p, q] = [linalg.qr(B).q, linalg.qr(A.transpose()).q];
    const expected = numbers(p.matmul(p.transpose()).matmul(G).add(G.matmul(q).matmul(q.transpose())));
    expect(apart(numbers(change({ A, B }, 0)), expected)).toBeLessThan(640 * unit);
    // Factors of a condition of about 20, squared in BᵀB.
    expect(apart(numbers(change(refactored({ A, B }), 0)), expected)).toBeLessThan(64 * 400 * unit);
    expect(apart(numbers(change(refactored({ A, B }), 0.1)), expected)).toBeGreaterThan(0.05);
  });

  it('keeps small steps of SGD on one path, whatever the factoring, and steps of Adam not', () => {
    const precondition = preconditionPairs({ damping: 0 });
    const far = comparePaths(() => ({ transform: chain(precondition, adam({ learningRate: 0.05 })) }), 12);
    const near = comparePaths(() => ({ transform: chain(precondition, sgd({ learningRate: 0.05 })) }), 12);
    const plain = comparePaths(() => ({ transform: sgd({ learningRate: 0.05 }) }), 12);
    expect(near.moved).toBeGreaterThan(0.2);
    expect(near.apart).toBeLessThan(0.01 * near.moved);
    expect(plain.apart).toBeGreaterThan(0.1 * plain.moved);
    expect(far.apart).toBeGreaterThan(0.1 * far.moved);
  });

  it('inverts no rounding: a B = b·cᵀ of rank 1 gives c·bᵀG/(‖b‖²·‖c‖²)', () => {
    const b = random.normal(random.key(7), [5, 1]);
    const c = tensor([[1], [3]]);
    const B = b.matmul(c.transpose());
    const params = { 'lora.A': start().A, 'lora.B': B };
    const [updates] = preconditionPairs({ damping: 0 }).update({ 'lora.A': B.transpose().matmul(G) }, [], params);
    const square = numbers(b).reduce((sum, x) => sum + x * x, 0) * 10;
    const expected = numbers(c.matmul(b.transpose().matmul(G)).mul(1 / square));
    expect(apart(numbers(updates['lora.A']), expected)).toBeLessThan(640 * unit);
  });

  it('lets other gradients pass, and takes B = 0', () => {
    const { A } = start();
    const w = random.normal(random.key(1), [3]);
    const params = { 'lora.A': A, 'lora.B': zeros([5, 2]), w };
    const [updates] = preconditionPairs({ damping: 0 }).update({ 'lora.A': A, w }, [], params);
    expect(updates.w).toBe(w);
    expect(numbers(updates['lora.A']).every((x) => x === 0)).toBe(true);
  });
});
