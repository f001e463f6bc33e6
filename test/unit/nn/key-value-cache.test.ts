import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  concat,
  GPT,
  grad,
  KeyValueCache,
  MultiHeadAttention,
  memory,
  noGrad,
  random,
  referenceBackend,
  Sequential,
  setBackend,
  type Tensor,
  TransformerBlock,
  tensor,
  valueAndGrad,
  wasmBackend,
} from '../../../src/index';

const key = random.key(1);
const input = (): Tensor => random.normal(random.key(2), [2, 6, 8]);
const layer = (options: object = {}): MultiHeadAttention =>
  new MultiHeadAttention(8, 2, { causal: true, key, ...options });
const off = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().dataSync()[0] as number;

/** One pass for each piece, and what they make one behind the other. */
function inPieces(of: { forward(x: Tensor, options: object): Tensor }, all: Tensor, sizes: number[]): Tensor {
  const cache = new KeyValueCache();
  let start = 0;
  const parts = sizes.map((size) => {
    const piece = all.slice([0, start], [all.shape[0] as number, start + size]);
    const part = of.forward(piece, { cache });
    if (!(of instanceof GPT)) cache.advance(size);
    start += size;
    expect(cache.length).toBe(start);
    return part;
  });
  return concat(parts, 1);
}

afterAll(() => setBackend(wasmBackend()));

describe.each([
  ['wasm', wasmBackend],
  ['reference', referenceBackend],
] as const)('a cache of keys and values, on %s', (_, create) => {
  beforeAll(() => setBackend(create()));

  it.each([
    ['plain heads', () => layer()],
    ['heads of another width', () => layer({ headWidth: 3 })],
    ['rotary heads', () => layer({ rotary: true })],
    ['a block', () => new TransformerBlock(8, 2, { causal: true, headWidth: 2, key })],
    [
      'blocks in a Sequential',
      () => new Sequential([0, 1].map((i) => new TransformerBlock(8, 2, { causal: true, key: random.key(i) }))),
    ],
  ])('passes in pieces are the pass of all: %s', (_, make) => {
    const [of, x] = [make(), input()];
    const whole = of.forward(x);
    for (const sizes of [[6], [1, 1, 1, 1, 1, 1], [3, 1, 2], [0, 6]])
      expect(off(inPieces(of, x, sizes), whole)).toBeLessThan(1e-5);
  });

  it.each([0, 2])('of a GPT of %i blocks too, in batches', (layers) => {
    const model = new GPT({ vocabularySize: 9, context: 6, width: 8, heads: 2, layers, key });
    const ids = tensor(
      [
        [1, 2, 3, 4, 5, 6],
        [8, 0, 7, 7, 1, 3],
      ],
      { dtype: 'int32' },
    );
    expect(off(inPieces(model, ids, [2, 1, 3]), model.forward(ids))).toBeLessThan(1e-5);
  });
});

describe('a cache of keys and values', () => {
  beforeAll(() => setBackend(wasmBackend()));
  const gpt = () => new GPT({ vocabularySize: 9, context: 4, width: 8, heads: 2, layers: 2, key });
  const ids = (...row: number[]): Tensor => tensor([row], { dtype: 'int32' });

  it('refuses more than the context, another batch, and layers that are not causal', () => {
    const [model, x] = [gpt(), input()];
    const cache = model.cache();
    model.forward(ids(1, 2, 3), { cache });
    expect(() => model.forward(ids(4, 5), { cache })).toThrow(/gpt\/ids.*\[1, 2\] after 3 in the cache/);
    expect(() => model.forward(tensor([[4], [5]], { dtype: 'int32' }), { cache })).toThrow(/concat\/shapes/);
    expect(() => layer({ causal: false }).forward(x, { cache: new KeyValueCache() })).toThrow(/attention\/cache/);
    expect(() => layer().forward(x, { cache: {} as KeyValueCache })).toThrow(/options\/type.*cache/);
  });

  it('refuses to be part of a derivative, and is none of its business inside noGrad', () => {
    const x = input();
    const loss = (y: Tensor) => layer().forward(y, { cache: new KeyValueCache() }).sum();
    expect(() => grad(loss)(x)).toThrow(/cache\/derivative/);
    const { value } = valueAndGrad((y: Tensor) => y.sum().add(noGrad(() => loss(y))))(x);
    expect(Number.isFinite(value.dataSync()[0])).toBe(true);
  });

  it('says so when a layer and it do not agree on the position', () => {
    const [of, cache, x] = [layer(), new KeyValueCache(), input()];
    of.forward(x, { cache });
    expect(() => of.forward(x, { cache })).toThrow(/cache\/position.*6 positions got a cache of 0/);
    cache.advance(6);
    expect(() => layer().forward(x, { cache })).toThrow(/cache\/position.*0 positions got a cache of 6/);
    cache.reset();
    expect(cache.length).toBe(0);
    expect(off(of.forward(x, { cache }), of.forward(x))).toBeLessThan(1e-6);
  });

  it('keeps two tensors a layer, whatever the length, until it is reset', () => {
    const model = gpt();
    const before = memory().tensors;
    const cache = model.cache();
    for (let t = 0; t < 4; t++) {
      noGrad(() => model.forward(ids(t), { cache }).sum()).dataSync();
      expect(memory().tensors - before).toBe(4);
    }
    cache.reset();
    expect(memory().tensors).toBe(before);
  });
});
