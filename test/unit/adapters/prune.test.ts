import { describe, expect, it } from 'vitest';
import { Linear, MLP, prune, random, sparsity, tensor } from '../../../src/index';
import { numbers } from './cases';

const key = random.key(0);
const one = (values: readonly number[]): Linear => {
  const layer = new Linear(values.length, 1, { key, bias: false });
  layer.load({ weight: tensor([values]) });
  return layer;
};

describe('prune', () => {
  it('takes the smallest first, of equals the first, and counts exactly', () => {
    const layer = one([1, -3, 2, -1, 1, 4]);
    prune(layer, { sparsity: 0.5 });
    expect(numbers(layer.weight)).toEqual([0, -3, 2, 0, 0, 4]);
    const ties = one([1, -1, 1, -1]);
    prune(ties, { sparsity: 0.25 });
    expect(numbers(ties.weight)).toEqual([0, -1, 1, -1]);
  });

  it.each([
    [0, 0],
    [0.5, 500],
    [0.333, 333],
    [1, 1000],
  ])('with sparsity %s leaves %s zeros of a thousand', async (share, zeros) => {
    const layer = new Linear(50, 20, { key });
    const before = numbers(layer.weight);
    prune(layer, { sparsity: share });
    expect(await sparsity(layer)).toEqual([{ path: '', zeros, size: 1000, sparsity: zeros / 1000 }]);
    const after = numbers(layer.weight);
    const dropped = before.filter((_, i) => after[i] === 0).map(Math.abs);
    const kept = before.filter((_, i) => after[i] !== 0);
    expect(kept).toEqual(after.filter((v) => v !== 0));
    expect(Math.max(0, ...dropped)).toBeLessThanOrEqual(Math.min(Infinity, ...kept.map(Math.abs)));
  });

  it('n:m keeps n of each m neighbours in a row', () => {
    const layer = new Linear(16, 8, { key });
    prune(layer, { pattern: '2:4' });
    const values = numbers(layer.weight);
    for (let start = 0; start < values.length; start += 4) {
      expect(values.slice(start, start + 4).filter((v) => v === 0).length).toBe(2);
    }
  });

  it('treats −0 as 0, keeps NaN longest, and counts both right', async () => {
    const layer = one([-0, Number.NaN, 2, 1]);
    expect((await sparsity(layer))[0]?.zeros).toBe(1);
    prune(layer, { sparsity: 0.5 });
    expect(numbers(layer.weight)).toEqual([0, Number.NaN, 2, 0]);
    prune(layer, { sparsity: 0.75 });
    expect(numbers(layer.weight)).toEqual([0, Number.NaN, 0, 0]);
    const broken = one([Number.NaN, 1, Number.NaN]);
    prune(broken, { sparsity: 2 / 3 });
    expect(numbers(broken.weight)).toEqual([0, 0, Number.NaN]);
  });

  it('takes the layers that match, and leaves biases', async () => {
    const model = new MLP({ sizes: [8, 8, 8], key });
    const bias = numbers(model.layers[0]?.bias as never);
    prune(model, { sparsity: 0.25, match: 'layers.0' });
    expect((await sparsity(model)).map((row) => row.zeros)).toEqual([16, 0]);
    expect((await sparsity(model, { match: 'layers.1' })).map(({ path }) => path)).toEqual(['layers.1']);
    expect(numbers(model.layers[0]?.bias as never)).toEqual(bias);
  });

  it.each([
    ['prune/how', {}],
    ['prune/how', { sparsity: 0.5, pattern: '2:4' }],
    ['prune/pattern', { pattern: '2/4' }],
    ['prune/pattern', { pattern: '5:4' }],
    ['prune/pattern', { pattern: '0:0' }],
    ['prune/pattern', { pattern: '1:3' }],
    ['prune/no-match', { sparsity: 0.5, match: 'head' }],
    ['options/range', { sparsity: 1.5 }],
    ['options/unknown', { share: 0.5 } as object],
  ])('refuses with %s: %o, and changes nothing', (code, options) => {
    const model = new MLP({ sizes: [6, 8, 8], key });
    const before = numbers(model.layers[0]?.weight as never);
    expect(() => prune(model, options)).toThrow(expect.objectContaining({ code }));
    expect(numbers(model.layers[0]?.weight as never)).toEqual(before);
  });
});
