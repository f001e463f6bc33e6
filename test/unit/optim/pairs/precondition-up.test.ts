import { describe, expect, it } from 'vitest';
import {
  applyUpdates,
  chain,
  Linear,
  lora,
  mseLoss,
  type Params,
  preconditionUp,
  random,
  sgd,
  type Tensor,
  tensor,
  valueAndGrad,
} from '../../../../src/index';
import { expectNear, factorsOf, numbers, times, transposed } from '../../adapters/cases';

const [n, m, r, s, eta] = [6, 9, 3, 2, 0.1];
const x = random.normal(random.key(1), [20, m]);
const y = random.normal(random.key(2), [20, n]);

const adapted = (freezeA = true): Linear => {
  const layer = new Linear(m, n, { key: random.key(3) });
  lora(layer, { rank: r, alpha: s * r, freezeA });
  layer.load({ ...layer.state(), 'lora.B': random.normal(random.key(4), [n, r]) });
  return layer;
};

/** G, of the weight that the layer computes with, and the gradients of the factors that are trained. */
function gradientsOf(layer: Linear): { G: number[]; grads: Params } {
  const own = layer.parameters({ trainable: true });
  const { grads } = valueAndGrad((): Tensor => mseLoss(layer.forward(x), y), { ...own, weight: layer.weight });
  const { weight, ...rest } = grads as Record<string, Tensor>;
  return { G: numbers(weight), grads: rest };
}

/** G·P, P the projection on the rows of A, by Gram-Schmidt in float64. */
function projected(G: number[], A: number[]): number[] {
  const basis: number[][] = [];
  for (let i = 0; i < r; i++) {
    let row = A.slice(i * m, (i + 1) * m);
    for (const q of [...basis, ...basis]) {
      const along = q.reduce((sum, v, j) => sum + v * (row[j] as number), 0);
      row = row.map((v, j) => v - along * (q[j] as number));
    }
    basis.push(row.map((v) => v / Math.hypot(...row)));
  }
  const Q = basis.flat();
  return times(times(G, transposed(Q, m), m), Q, r);
}

describe('preconditionUp', () => {
  it('with SGD on B makes s·ΔB·A = −η·G·P, whatever the size of A', () => {
    for (const size of [0.1, 1, 30]) {
      const layer = adapted();
      layer.load({ ...layer.state(), 'lora.A': factorsOf(layer).A.mul(size) });
      const { G, grads } = gradientsOf(layer);
      const optimizer = chain(preconditionUp({ scale: s, damping: 0 }), sgd({ learningRate: eta }));
      const [updates] = optimizer.update(grads, optimizer.init(layer.parameters()), layer.parameters());
      const A = numbers(factorsOf(layer).A);
      expectNear(
        times(numbers(updates['lora.B']), A, r).map((v) => s * v),
        projected(G, A).map((v) => -eta * v),
        128,
      );
    }
  });

  it('damps by 1e-8 unless it is told: at A = a·I the gradient is over s²·(a² + λ)', () => {
    const of = (damping?: number): number => {
      const params = { 'lora.A': tensor([[1e-4]]), 'lora.B': tensor([[0.7]]) };
      const part = preconditionUp({ scale: s, ...(damping !== undefined && { damping }) });
      const [updates] = part.update({ 'lora.B': params['lora.B'] }, part.init(params), params);
      return (numbers(updates['lora.B'])[0] as number) / (numbers(params['lora.B'])[0] as number);
    };
    expectNear([of()], [1 / (s * s * 2e-8)], 16);
    expectNear([of(0)], [1 / (s * s * 1e-8)], 16);
    expectNear([of(1)], [1 / (s * s)], 16);
  });

  it('lets gradients of A and of all else pass', () => {
    const layer = adapted(false);
    layer.unfreeze('bias');
    const { grads } = gradientsOf(layer);
    const part = preconditionUp();
    const params = layer.parameters();
    const [updates] = part.update(grads, part.init(params), params);
    expect(updates['lora.A']).toBe(grads['lora.A']);
    expect(updates.bias).toBe(grads.bias);
    expect(Object.keys(updates).sort()).toEqual(['bias', 'lora.A', 'lora.B']);
    applyUpdates(params, updates);
  });

  it('wants pairs', () => {
    const part = preconditionUp();
    const params = { weight: x };
    expect(() => part.update(params, part.init(params), params)).toThrow(/pairs\/none/);
  });
});
