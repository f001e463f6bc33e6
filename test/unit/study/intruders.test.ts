import { describe, expect, it } from 'vitest';
import {
  type Adapter,
  adaptersOf,
  Embedding,
  Linear,
  lora,
  lors,
  MLP,
  matmul,
  mergeAdapters,
  prune,
  random,
  type Tensor,
  tensor,
} from '../../../src/index';
import {
  adapterIntruders,
  intruderDimensions,
  mitigateAdapterIntruders,
  mitigateIntruders,
  updateSpectrum,
} from '../../../src/study';

/** diag(σ) turned on the left, in the plane of i and j, by an angle. */
function turned(values: readonly number[], i: number, j: number, angle: number): number[][] {
  const n = values.length;
  const rotation = (a: number, b: number): number => {
    if (a === i && b === i) return Math.cos(angle);
    if (a === j && b === j) return Math.cos(angle);
    if (a === i && b === j) return -Math.sin(angle);
    if (a === j && b === i) return Math.sin(angle);
    return a === b ? 1 : 0;
  };
  return Array.from({ length: n }, (_, a) => values.map((value, b) => rotation(a, b) * value));
}
const diagonal = (values: readonly number[]) => tensor(turned(values, 0, 1, 0));
const numbers = (x: Tensor): number[] => [...x.dataSync()];
const factor = (adapter: Adapter | undefined, name: 'A' | 'B'): Tensor =>
  (adapter as unknown as Record<string, Tensor>)[name] as Tensor;

describe('intruderDimensions', () => {
  const before = diagonal([4, 3, 2, 1]);
  const after = tensor(turned([8, 3, 2, 1], 0, 3, 1.2)); // u₀ = (cos 1.2, 0, 0, sin 1.2), and u₃ across it

  it('is the largest cosine of each leading vector with one from before', async () => {
    const { similarities, intruders } = await intruderDimensions(before, after, { threshold: 0.95 });
    const c = Math.sin(1.2);
    [c, 1, 1, c].forEach((expected, i) => {
      expect(similarities[i]).toBeCloseTo(expected, 6);
    });
    expect(intruders).toEqual([0, 3]);
    expect((await intruderDimensions(before, after, { threshold: 0.95, count: 3 })).intruders).toEqual([0]);
    expect((await intruderDimensions(before, after, { threshold: 0.93 })).intruders).toEqual([]);
    expect((await intruderDimensions(before, before)).intruders).toEqual([]);
  });

  it('takes singular values down by λ, and with λ = 1 changes no bit', async () => {
    const options = { threshold: 0.95, count: 3 };
    const lambda = 0.25;
    const less = numbers(await mitigateIntruders(before, after, { ...options, lambda }));
    const expected = turned([8, 3, 2, 1], 0, 3, 1.2).map((row) => row.map((x, j) => (j === 0 ? lambda * x : x)));
    expected.flat().forEach((x, i) => {
      expect(less[i]).toBeCloseTo(x, 5);
    });
    expect(numbers(await mitigateIntruders(before, after, { ...options, lambda: 1 }))).toEqual(numbers(after));
    expect(numbers(await mitigateIntruders(before, after, { lambda: 0, threshold: 0.9 }))).toEqual(numbers(after));
  });

  it('refuses weights of two layers, and numbers that are none', async () => {
    await expect(intruderDimensions(before, diagonal([1, 2]))).rejects.toThrow(/study\/shapes.*\[4, 4\].*\[2, 2\]/);
    await expect(intruderDimensions(before, diagonal([1, 2, 3, Number.NaN]))).rejects.toThrow(/linalg\/non-finite/);
  });
});

describe('of adapters', () => {
  const large = (model: MLP | Embedding | Linear): void => {
    for (const { adapter } of adaptersOf(model)) {
      const load = (name: 'A' | 'B', seed: number) => random.normal(random.key(seed), factor(adapter, name).shape);
      adapter.load({ A: load('A', 1).mul(0.5), B: load('B', 2).mul(0.5) });
    }
  };
  const adapted = () => {
    const model = new MLP({ sizes: [8, 7, 6], key: random.key(0) });
    lora(model, { rank: 2, alpha: 4 });
    large(model);
    return model;
  };

  it('is what the weights say, by path', async () => {
    const model = adapted();
    const rows = await adapterIntruders(model, { threshold: 0.8 });
    expect(rows.map(({ path }) => path)).toEqual(['layers.0', 'layers.1']);
    const [{ layer, adapter }] = adaptersOf(model) as [ReturnType<typeof adaptersOf>[number]];
    const alone = await intruderDimensions(layer.weight, adapter.mergedInto?.(layer.weight, 1) as Tensor, {
      threshold: 0.8,
    });
    expect(rows[0]).toEqual({ path: 'layers.0', ...alone });
    expect(alone.intruders.length).toBeGreaterThan(0);
  });

  it.each<[string, () => Linear | Embedding]>([
    ['a Linear', () => new Linear(8, 7, { key: random.key(0) })],
    ['an Embedding', () => new Embedding(8, 7, { key: random.key(0) })],
  ])('mitigates in the factors of %s: the nearest matrix of the rank, both factors alike', async (_, make) => {
    const model = make();
    lora(model, { rank: 2, alpha: 4, match: () => true });
    large(model);
    const { weight } = model;
    const adapter = model.lora as Adapter;
    const merged = () => adapter.mergedInto?.(weight, 1) as Tensor;
    const goal = await mitigateIntruders(weight, merged(), { threshold: 0.8 });
    const rows = await mitigateAdapterIntruders(model, { threshold: 0.8 });
    expect(rows[0]?.intruders.length).toBeGreaterThan(0);
    const change = goal.sub(weight);
    const made = merged().sub(weight);
    // Of the svd of the change the first two parts: what is left is orthogonal to what was made.
    expect(made.mul(change.sub(made)).sum().dataSync()[0]).toBeCloseTo(0, 2);
    const rest = numbers(change.sub(made)).reduce((sum, x) => sum + x * x, 0);
    const whole = numbers(change).reduce((sum, x) => sum + x * x, 0);
    const { singularValues } = await updateSpectrum(weight, goal);
    const dropped = singularValues.slice(2).reduce((sum, x) => sum + x * x, 0);
    expect(rest / whole).toBeCloseTo(dropped / whole, 4);
    expect(dropped / whole).toBeGreaterThan(1e-3); // the correction has directions of W
    const [A, B] = [factor(adapter, 'A'), factor(adapter, 'B')];
    const [AAt, BtB] = [matmul(A, A, { transposeB: true }), matmul(B, B, { transposeA: true })].map(numbers);
    (AAt as number[]).forEach((x, i) => {
      expect(x / (AAt?.[0] as number)).toBeCloseTo((BtB?.[i] as number) / (AAt?.[0] as number), 4);
    });
  });

  it('with λ = 1, and without intruders, keeps every bit', async () => {
    const model = adapted();
    const before = Object.values(model.parameters()).map(numbers);
    await mitigateAdapterIntruders(model, { threshold: 0.8, lambda: 1 });
    await mitigateAdapterIntruders(model, { threshold: 0, lambda: 0.5 });
    expect(Object.values(model.parameters()).map(numbers)).toEqual(before);
  });

  it('refuses, before it changes anything, what it cannot measure or change', async () => {
    const model = new MLP({ sizes: [4, 4, 4], key: random.key(0) });
    lora(model, { rank: 2, match: 'layers.0' });
    large(model);
    prune(model, { sparsity: 0.5, match: 'layers.1' });
    lors(model, { rank: 2, match: 'layers.1' });
    const before = Object.values(model.parameters()).map(numbers);
    await expect(mitigateAdapterIntruders(model, { threshold: 1 })).rejects.toThrow(/study\/not-lora.*layers\.1/);
    expect(Object.values(model.parameters()).map(numbers)).toEqual(before);
    const masked = new Linear(4, 4, { key: random.key(0) });
    lora(masked, { rank: 2, mask: true });
    await expect(mitigateAdapterIntruders(masked, { threshold: 1 })).rejects.toThrow(/study\/not-lora.*mask/);
    mergeAdapters(model);
    await expect(adapterIntruders(model)).rejects.toThrow(/study\/merged.*layers\.0/);
  });
});
