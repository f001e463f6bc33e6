import { expect, it } from 'vitest';
import {
  Adapter,
  adaptersOf,
  attachAdapters,
  eye,
  Linear,
  linalg,
  linear,
  lora,
  MLP,
  random,
  type Tensor,
  tensor,
  zeros,
} from '../../../src/index';
import { adapterSpectra, updateSpectrum } from '../../../src/study';

type Found = ReturnType<typeof adaptersOf>[number];
const noise = (seed: number, ...shape: number[]): Tensor => random.normal(random.key(seed), shape);

it('is the svd of the change, by hand', async () => {
  const after = tensor([
    [4, 0, 0],
    [0, 2, 0],
  ]);
  const { singularValues, numericalRank, effectiveRank, energy } = await updateSpectrum(
    tensor([
      [1, 0, 0],
      [0, 1, 0],
    ]),
    after,
  );
  expect(singularValues).toEqual([3, 1]);
  expect(numericalRank).toBe(2);
  expect(effectiveRank).toBeCloseTo(Math.exp(-0.75 * Math.log(0.75) - 0.25 * Math.log(0.25)), 12);
  expect(energy).toEqual([0.9, 1]);
});

it('has an effective rank of r where r directions count alike, and 0 of no change', async () => {
  const before = noise(0, 5, 5);
  const { effectiveRank } = await updateSpectrum(zeros([5, 5]), eye(5));
  expect(effectiveRank).toBeCloseTo(5, 12);
  expect(await updateSpectrum(before, before)).toEqual({
    singularValues: [0, 0, 0, 0, 0],
    numericalRank: 0,
    effectiveRank: 0,
    energy: [0, 0, 0, 0, 0],
  });
});

it('does not count what rounding has left of a change', async () => {
  const before = noise(1, 30, 20);
  const change = noise(2, 30, 3).matmul(noise(3, 3, 20));
  const there = before.add(change);
  expect((await updateSpectrum(before, there)).numericalRank).toBe(3);
  const back = there.sub(change); // off by roundings, in all directions
  expect(Math.max(...back.sub(before).dataSync().map(Math.abs))).toBeGreaterThan(0);
  expect((await updateSpectrum(before, back)).numericalRank).toBe(0);
});

it('of adapters is that of what they would put into the weight, for any that has a merge', async () => {
  const model = new MLP({ sizes: [6, 5, 4], key: random.key(0) });
  lora(model, { rank: 2, alpha: 6, match: 'layers.0' });
  class Gain extends Adapter {
    gain = tensor([0.5]);
    readonly additive = false;
    forward(x: Tensor, weight: Tensor): Tensor {
      return linear(x, this.mergedInto(weight, 1));
    }
    override mergedInto(weight: Tensor, fraction: number): Tensor {
      return weight.mul(this.gain.mul(fraction).add(1));
    }
  }
  attachAdapters(model, { make: () => new Gain(), match: 'layers.1' });
  const [first, second] = adaptersOf(model) as [Found, Found];
  const [A, B] = [noise(1, 2, 6), noise(2, 5, 2)];
  first.adapter.load({ A, B });
  const rows = await adapterSpectra(model);
  expect(rows.map(({ path, shape, numericalRank }) => [path, shape, numericalRank])).toEqual([
    ['layers.0', [5, 6], 2],
    ['layers.1', [4, 5], 4],
  ]);
  const expected = [linalg.svd(B.matmul(A).mul(3)).s, linalg.svd(second.layer.weight.mul(0.5)).s];
  rows.forEach(({ singularValues }, i) => {
    [...(expected[i]?.dataSync() ?? [])].forEach((s, k) => {
      expect(singularValues[k]).toBeCloseTo(s, 4);
    });
  });
  expect(rows[0]?.energy[1]).toBeCloseTo(1, 10);
});

it('refuses what no weight computes, and weights of two shapes', async () => {
  class Bent extends Adapter {
    gain = zeros([1]);
    readonly additive = false;
    forward(x: Tensor, weight: Tensor): Tensor {
      return linear(x, weight);
    }
  }
  const model = new Linear(3, 2, { key: random.key(0) });
  attachAdapters(model, { make: () => new Bent() });
  await expect(adapterSpectra(model)).rejects.toThrow(/study\/not-mergeable/);
  await expect(updateSpectrum(zeros([2, 3]), zeros([3, 2]))).rejects.toThrow(/study\/shapes/);
  await expect(updateSpectrum(zeros([2]), zeros([2]))).rejects.toThrow(/options\/type.*before/);
});
