import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  adam,
  attachAdapters,
  compact,
  mseLoss,
  partition,
  random,
  type Tensor,
  tensor,
  trainer,
} from '../../../src/index';
import { Mixing } from '../../laws/adapters';
import { Gated, soraGate } from '../../methods/sora';
import { expectNear, numbers } from './cases';

interface Recorded {
  readonly shape: number[];
  readonly data: number[];
}
interface Case {
  readonly name: string;
  readonly options: { readonly lr: number; readonly sparse_lambda: number; readonly weight_decay?: number };
  readonly init: Recorded;
  readonly grads: readonly Recorded[];
  readonly weights: readonly Recorded[];
}
// Numbers from the authors' program; the file names the commit.
const golden = JSON.parse(readFileSync('test/golden/adapters.json', 'utf8')) as { readonly sora: readonly Case[] };

describe('the gate of SoRA', () => {
  it.each(golden.sora)("takes the authors' steps: $name", ({ name, options, init, grads, weights }) => {
    const { lr, sparse_lambda, weight_decay = 0 } = options;
    const threshold = name.includes('times-lr') ? sparse_lambda * lr : sparse_lambda;
    const gate = tensor(init.data);
    const step = soraGate({ learningRate: lr, threshold, weightDecay: weight_decay, rule: 'published' });
    const loss = ({ data }: Recorded): Tensor => gate.mul(tensor(data)).sum();
    const training = trainer({ params: { gate }, transform: step, loss, seed: 0 });
    for (const [i, gradient] of grads.entries()) {
      training.step(gradient);
      // A step of 0.05 with some ten relative roundings, and three sums of numbers below 1: 1.2e-7 in each of eight steps.
      const worst = Math.max(...numbers(gate).map((g, j) => Math.abs(g - (weights[i]?.data[j] as number))));
      expect(worst).toBeLessThan(1e-6);
    }
  });

  it('is a proximal step: what is within ξ becomes 0, all else comes ξ nearer', () => {
    const gate = tensor([0.3, -0.3, 0.14, -0.11, 0.09, -0.05]);
    const params = { gate };
    const step = soraGate({ learningRate: 0, threshold: 0.1 });
    const [updates] = step.update({ gate: tensor([1, 1, 1, 1, 1, 1]) }, step.init(params), params);
    expectNear(numbers(gate.add(updates.gate as Tensor)), [0.2, -0.2, 0.04, -0.01, 0, 0], 2);
  });
});

describe('SoRA, gates that become zero, on a layer of a user', () => {
  const make = () => {
    const layer = new Mixing(6, random.key(3));
    const { adapted } = attachAdapters(layer, { make: ({ key }) => Gated.start(6, 6, 4, 2, key) });
    return { layer, gated: adapted[0]?.adapter as Gated };
  };
  const input = random.normal(random.key(6), [4, 6, 3]);

  it('is trained by a partition, loses components, and is compacted to those that are left', async () => {
    const { layer, gated } = make();
    const [up, down] = [7, 8].map((seed) => random.normal(random.key(seed), [6, 1])) as [Tensor, Tensor];
    const target = layer.forward(input).add(up.matmul(down.matmul(input, { transposeA: true }))); // a change of rank 1
    const method = partition(
      { gate: soraGate({ learningRate: 0.05, threshold: 0.04 }), factors: adam({ learningRate: 0.05 }) },
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
});
