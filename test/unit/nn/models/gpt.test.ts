import { describe, expect, it } from 'vitest';
import { crossEntropy, GPT, type Params, random, type Tensor, tensor, valueAndGrad } from '../../../../src/index';
import golden from '../../../golden/gpt.json';

const key = random.key(0);
const small = { vocabularySize: 11, context: 6, width: 8, heads: 2, layers: 2, key };
const ids = (rows: number[][]): Tensor => tensor(rows, { dtype: 'int32' });
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

describe(`a tiny GPT follows PyTorch ${golden.provenance.torch}`, () => {
  const entries = Object.entries(golden.parameters);
  const model = new GPT({ ...golden.options, key });
  const weights: Params = Object.fromEntries(entries.map(([path, p]) => [path, tensor(p.weight, { shape: p.shape })]));
  model.load(weights);
  const loss = () => crossEntropy(model.forward(ids(golden.ids)), ids(golden.targets));

  it('in its loss', () => {
    expect(Math.abs((loss().dataSync()[0] as number) - golden.loss)).toBeLessThan(1e-5);
  });

  it('in the gradient of every parameter', () => {
    const { grads } = valueAndGrad(loss, model.parameters());
    expect(Object.keys(grads)).toEqual(entries.map(([path]) => path));
    for (const [path, { grad }] of entries) {
      const scale = Math.max(1e-2, ...grad.map(Math.abs));
      numbers(grads[path] as Tensor).forEach((x, i) => {
        expect(Math.abs(x - (grad[i] as number)) / scale, `${path}[${i}]`).toBeLessThan(1e-4);
      });
    }
  });
});

describe('GPT', () => {
  it('names its parameters', () => {
    const paths = Object.keys(new GPT({ ...small, layers: 1 }).parameters());
    expect(paths).toEqual([
      'tokenEmbedding.weight',
      'positionEmbedding.weight',
      'blocks.0.attentionNorm.weight',
      'blocks.0.attentionNorm.bias',
      'blocks.0.attention.qkv.weight',
      'blocks.0.attention.qkv.bias',
      'blocks.0.attention.proj.weight',
      'blocks.0.attention.proj.bias',
      'blocks.0.mlpNorm.weight',
      'blocks.0.mlpNorm.bias',
      'blocks.0.mlp.fc.weight',
      'blocks.0.mlp.fc.bias',
      'blocks.0.mlp.proj.weight',
      'blocks.0.mlp.proj.bias',
      'finalNorm.weight',
      'finalNorm.bias',
      'head.weight',
    ]);
  });

  it('never looks ahead', () => {
    const model = new GPT(small);
    const [a, b] = [model.forward(ids([[1, 2, 3, 4, 5]])), model.forward(ids([[1, 2, 3, 9, 5]]))];
    const until = (x: Tensor, t: number): number[] => numbers(x.slice([0, 0], [1, t]));
    expect(until(a, 3)).toEqual(until(b, 3));
    expect(until(a, 4)).not.toEqual(until(b, 4));
  });

  it('lists a tied head once, and its gradient is the sum over both uses', () => {
    const [tied, free] = [new GPT({ ...small, tieHead: true }), new GPT(small)];
    const weights = tied.parameters();
    expect(Object.keys(weights)).not.toContain('head.weight');
    expect(tied.head.weight).toBe(tied.tokenEmbedding.weight);
    free.load({ ...weights, 'head.weight': tied.head.weight });
    const gradsOf = (model: GPT): Params =>
      valueAndGrad(() => crossEntropy(model.forward(ids([[1, 2, 3]])), ids([[2, 3, 4]])), model.parameters()).grads;
    const [one, two] = [gradsOf(tied), gradsOf(free)];
    const both = (two['tokenEmbedding.weight'] as Tensor).add(two['head.weight'] as Tensor);
    const difference = (one['tokenEmbedding.weight'] as Tensor).sub(both).abs().max();
    expect(difference.dataSync()[0]).toBeLessThan(1e-6);
  });

  it('starts as GPT-2 does, scaled to its width, near a uniform guess', () => {
    const model = new GPT({ ...small, width: 64 });
    const std = (t: Tensor): number => Math.sqrt(t.square().mean().dataSync()[0] as number);
    const block = model.blocks[0];
    const expected = 0.02 * Math.sqrt(768 / 64);
    expect(std((block as NonNullable<typeof block>).mlp.fc.weight) / expected).toBeCloseTo(1, 1);
    expect(std((block as NonNullable<typeof block>).mlp.proj.weight) / expected).toBeCloseTo(1 / 2, 1);
    const loss = crossEntropy(model.forward(ids([[1, 2, 3]])), ids([[2, 3, 4]]));
    expect(loss.dataSync()[0]).toBeCloseTo(Math.log(11), 0);
  });

  it('is random only where a key is given', () => {
    const model = new GPT({ ...small, dropout: 0.5 });
    const batch = ids([[1, 2, 3]]);
    const run = (seed?: number): number[] =>
      numbers(model.forward(batch, seed === undefined ? {} : { key: random.key(seed) }));
    expect(run()).toEqual(run());
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
    expect(run(1)).not.toEqual(run());
  });

  it('refuses sequences beyond its context and sizes that do not fit', () => {
    const model = new GPT(small);
    expect(() => model.forward(ids([[0, 0, 0, 0, 0, 0, 0]]))).toThrow(/gpt\/ids.*\[1, 7\].*at most 6/);
    expect(() => model.forward(tensor([1, 2], { dtype: 'int32' }))).toThrow(/gpt\/ids/);
    expect(() => model.forward(ids([[11]]))).toThrow(/index\/range/);
    expect(() => new GPT({ ...small, heads: 3 })).toThrow(/attention\/heads/);
    const typo = { ...small, tiedHead: true };
    expect(() => new GPT(typo)).toThrow(/tiedHead/);
  });
});
