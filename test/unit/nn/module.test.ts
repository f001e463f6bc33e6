import { describe, expect, it } from 'vitest';
import {
  add,
  buffer,
  Dropout,
  Embedding,
  LayerNorm,
  Linear,
  MLP,
  Module,
  MultiHeadAttention,
  mul,
  ones,
  random,
  relu,
  Sequential,
  StateError,
  type Tensor,
  TransformerBlock,
  tensor,
  zeros,
} from '../../../src/index';

const key = random.key(0);
const numbers = (t: Tensor | undefined): number[] => Array.from((t as Tensor).dataSync());

class Scaled extends Module {
  readonly label = 'a string is no parameter';
  weight = ones([2]);
  layers = [new Linear(2, 3, { key }), [new LayerNorm(3)], relu];
  shared = this.weight;
  nothing: Tensor | null = null;

  forward(x: Tensor): Tensor {
    return mul(x, this.weight);
  }
}

describe('parameters', () => {
  it('are named by fields, in order, each tensor once', () => {
    const model = new Scaled();
    expect(Object.keys(model.parameters())).toEqual([
      'weight',
      'layers.0.weight',
      'layers.0.bias',
      'layers.1.0.weight',
      'layers.1.0.bias',
    ]);
    expect(model.parameters().weight).toBe(model.weight);
  });

  it('see modules that contain each other', () => {
    class Loop extends Module {
      weight = ones([1]);
      self: Loop = this;
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    expect(Object.keys(new Loop().parameters())).toEqual(['weight']);
  });
});

describe('freeze', () => {
  it.each<[string, Parameters<Module['freeze']>[0], string[]]>([
    ['a path and everything below', 'layers.0', ['layers.0.weight', 'layers.0.bias']],
    ['one path', 'layers.0.bias', ['layers.0.bias']],
    ['a pattern, also a global one', /bias$/g, ['layers.0.bias', 'layers.1.0.bias']],
    ['a predicate', (path) => path === 'weight', ['weight']],
  ])('takes %s', (_, match, expected) => {
    const model = new Scaled();
    model.freeze(match);
    const trainable = Object.keys(model.parameters({ trainable: true }));
    expect(Object.keys(model.parameters()).filter((path) => !trainable.includes(path))).toEqual(expected);
  });

  it('says so when nothing matches', () => {
    expect(() => new Scaled().freeze('layer')).toThrow(/freeze\/no-match/);
  });
});

describe('load', () => {
  const make = (seed: number) => new MLP({ sizes: [3, 2], key: random.key(seed) });

  it('copies values by path', () => {
    const [a, b] = [make(1), make(2)];
    b.load(a.parameters());
    const x = ones([1, 3]);
    expect(numbers(b.forward(x))).toEqual(numbers(a.forward(x)));
    a.load(make(3).parameters());
    expect(numbers(b.forward(x))).not.toEqual(numbers(a.forward(x)));
  });

  it.each([
    ['load/missing', { 'layers.0.weight': zeros([2, 3]) }],
    ['load/missing', { 'layers.0.weight': zeros([2, 3]), 'layers.0.b': zeros([2]) }],
    ['load/unexpected', { 'layers.0.weight': zeros([2, 3]), 'layers.0.bias': zeros([2]), more: zeros([1]) }],
    ['load/shape', { 'layers.0.weight': zeros([2, 3]), 'layers.0.bias': zeros([3]) }],
    ['load/shape', { 'layers.0.weight': zeros([2, 3]), 'layers.0.bias': tensor([0, 0], { dtype: 'int32' }) }],
  ])('refuses with %s and changes nothing', (code, params) => {
    const model = make(1);
    const before = Object.values(model.parameters()).map(numbers);
    expect(() => model.load(params)).toThrow(expect.objectContaining({ code, name: StateError.name }));
    expect(Object.values(model.parameters()).map(numbers)).toEqual(before);
  });

  it('without strict takes what fits, leaves the rest as it was, and says what that is', () => {
    class Counted extends Module {
      first = new Linear(3, 2, { key: random.key(1) });
      second = new Linear(2, 2, { key: random.key(2) });
      seen = buffer(tensor([7], { dtype: 'int32' }));
      mean = buffer(tensor([8, 9]));
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    const model = new Counted();
    const { 'first.weight': kept, 'second.bias': bias } = model.parameters();
    const before = [kept, bias].map(numbers);
    const report = model.load(
      {
        'first.weight': zeros([2, 4]),
        'first.bias': tensor([1, 2]),
        'second.weight': tensor([1, 2, 3, 4], { shape: [2, 2] }),
        'third.weight': zeros([2]),
        seen: tensor([5], { dtype: 'int32' }),
        mean: tensor([1, 2], { dtype: 'int32' }),
      },
      { strict: false },
    );
    expect(report).toEqual({
      missing: ['second.bias'],
      unexpected: ['third.weight'],
      mismatched: ['first.weight', 'mean'],
    });
    expect([kept, bias].map(numbers)).toEqual(before);
    expect(numbers(model.first.bias as Tensor)).toEqual([1, 2]);
    expect(numbers(model.second.weight)).toEqual([1, 2, 3, 4]);
    expect([numbers(model.seen), numbers(model.mean)]).toEqual([[5], [8, 9]]);
    expect(model.load(model.state())).toEqual({ missing: [], unexpected: [], mismatched: [] });
    expect(() => model.load({}, { strict: true })).toThrow(/load\/missing/);
  });

  it("reads a record of the model's own tensors before it writes", () => {
    class Pair extends Module {
      a = tensor([1]);
      b = tensor([2]);
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    const pair = new Pair();
    pair.load({ a: pair.b, b: pair.a });
    expect([numbers(pair.a), numbers(pair.b)]).toEqual([[2], [1]]);
    pair.load({ a: pair.b, b: pair.a });
    expect([numbers(pair.a), numbers(pair.b)]).toEqual([[1], [2]]);
  });
});

describe('layers', () => {
  it('Linear is x·Wᵀ + b and starts within ±1/√inputs', () => {
    const layer = new Linear(4, 3, { key });
    const x = random.normal(random.key(1), [2, 5, 4]);
    const expected = add(x.matmul(layer.weight.transpose()), layer.bias as Tensor);
    expect(layer.forward(x).shape).toEqual([2, 5, 3]);
    numbers(layer.forward(x)).forEach((y, i) => {
      expect(y).toBeCloseTo(numbers(expected)[i] as number, 5);
    });
    const big = new Linear(100, 50, { key });
    const values = numbers(big.weight);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(0.1);
    expect(Math.max(...values)).toBeGreaterThan(0.095);
    expect(new Linear(4, 3, { key, bias: false }).bias).toBeNull();
  });

  it('layers of one model start differently, of one key alike', () => {
    const [a, b] = [new MLP({ sizes: [4, 4, 4], key }), new MLP({ sizes: [4, 4, 4], key })];
    expect(numbers(a.layers[0]?.weight)).toEqual(numbers(b.layers[0]?.weight));
    expect(numbers(a.layers[0]?.weight)).not.toEqual(numbers(a.layers[1]?.weight));
  });

  it('Embedding picks rows', () => {
    const table = new Embedding(5, 2, { key });
    const y = table.forward(tensor([[4, 0]], { dtype: 'int32' }));
    expect(y.shape).toEqual([1, 2, 2]);
    expect(numbers(y)).toEqual([...numbers(table.weight).slice(8), ...numbers(table.weight).slice(0, 2)]);
  });

  it('MLP has its activation between layers only', () => {
    const model = new MLP({ sizes: [3, 4, 2], activation: 'tanh', key });
    const x = random.normal(random.key(2), [6, 3]);
    const [first, second] = model.layers as [Linear, Linear];
    expect(numbers(model.forward(x))).toEqual(numbers(second.forward(first.forward(x).tanh())));
    const wrong = { sizes: [3, 4], activation: 'swish' as 'relu', key };
    expect(() => new MLP(wrong)).toThrow(/options\/choice/);
    expect(() => new MLP({ sizes: [3], key })).toThrow(/sizes/);
  });

  it('Sequential mixes modules and functions, and gives each dropout a key of its own', () => {
    const model = new Sequential([new Linear(4, 8, { key }), relu, new Dropout(0.5), new Dropout(0.5)]);
    expect(Object.keys(model.parameters())).toEqual(['layers.0.weight', 'layers.0.bias']);
    const twice = new Sequential([new Dropout(0.5), new Dropout(0.5)]).forward(ones([1000]), { key });
    const kept = numbers(twice).filter((x) => x !== 0);
    expect(kept.every((x) => x === 4)).toBe(true);
    expect(Math.abs(kept.length - 250)).toBeLessThan(100); // 7 standard deviations; one shared key would keep 500
  });

  it('MultiHeadAttention mixes positions, and only earlier ones when causal', () => {
    const x = random.normal(random.key(3), [2, 5, 8]);
    const changed = x.add(tensor([0, 0, 0, 0, 1], { shape: [1, 5, 1] }));
    const head = (y: Tensor): number[] => numbers(y.slice([0, 0], [2, 4]));
    const causal = new MultiHeadAttention(8, 2, { causal: true, key });
    expect(head(causal.forward(changed))).toEqual(head(causal.forward(x)));
    const full = new MultiHeadAttention(8, 2, { key });
    expect(head(full.forward(changed))).not.toEqual(head(full.forward(x)));
  });

  it('TransformerBlock keeps shapes', () => {
    const block = new TransformerBlock(8, 2, { key, dropout: 0.1 });
    expect(block.forward(zeros([2, 5, 8]), { key }).shape).toEqual([2, 5, 8]);
  });

  it('refuses unknown options', () => {
    const typo = { key, biass: false };
    expect(() => new Linear(1, 1, typo)).toThrow(/biass/);
  });
});
