import { describe, expect, it } from 'vitest';
import {
  adam,
  CrossAttention,
  concat,
  lora,
  type Module,
  MultiHeadAttention,
  matmul,
  mergeAdapters,
  mseLoss,
  mul,
  ones,
  random,
  rotary,
  SwiGLU,
  selfAttention,
  type Tensor,
  tensor,
  trainer,
} from '../../../../src/index';

const key = random.key(0);
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const off = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().dataSync()[0] as number;
const shapes = (of: Module): Record<string, readonly number[]> =>
  Object.fromEntries(Object.entries(of.parameters()).map(([path, { shape }]) => [path, shape]));
const x = random.normal(random.key(1), [2, 5, 6]);

describe('rotary', () => {
  it('leaves position 0 as it is, keeps lengths, and turns a pair by 1 radian a position', () => {
    const y = rotary(x);
    expect(numbers(y.slice([0, 0], [2, 1]))).toEqual(numbers(x.slice([0, 0], [2, 1])));
    expect(off(y.square().sum({ axis: -1 }), x.square().sum({ axis: -1 }))).toBeLessThan(1e-5);
    const turned = numbers(rotary(tensor([[1, 0, 0, 0]]), { offset: 3 }));
    expect(turned[0]).toBeCloseTo(Math.cos(3), 6);
    expect(turned[2]).toBeCloseTo(Math.sin(3), 6); // the other half of pair 0
    const slow = numbers(rotary(tensor([[0, 1, 0, 0]]), { offset: 3 }));
    expect(slow[1]).toBeCloseTo(Math.cos(3 / 100), 6);
    expect(slow[3]).toBeCloseTo(Math.sin(3 / 100), 6);
  });

  it('makes products of queries and keys a function of their distance', () => {
    const [q, k] = [random.normal(random.key(2), [1, 8]), random.normal(random.key(3), [1, 8])];
    const score = (i: number, j: number): number =>
      matmul(rotary(q, { offset: i }), rotary(k, { offset: j }), { transposeB: true }).dataSync()[0] as number;
    expect(score(9, 4)).toBeCloseTo(score(5, 0), 5);
    expect(score(9, 4)).not.toBeCloseTo(score(4, 9), 2);
  });

  it('goes on from its offset, and refuses an odd width', () => {
    expect(numbers(rotary(x, { offset: 2 }).slice([0, 0], [2, 3]))).not.toEqual(
      numbers(rotary(x.slice([0, 0], [2, 3]))),
    );
    const whole = rotary(x, { base: 50 });
    expect(numbers(rotary(x.slice([0, 2], [2, 5]), { base: 50, offset: 2 }))).toEqual(
      numbers(whole.slice([0, 2], [2, 5])),
    );
    expect(() => rotary(ones([2, 3]))).toThrow(/rotary\/width/);
    expect(() => rotary(ones([4]))).toThrow(/rotary\/width/);
  });
});

describe('MultiHeadAttention', () => {
  it('has heads of width/heads, and of another width where it is given', () => {
    const [usual, wide] = [new MultiHeadAttention(6, 2, { key }), new MultiHeadAttention(6, 4, { headWidth: 2, key })];
    expect([usual.headWidth, wide.headWidth]).toEqual([3, 2]);
    expect(shapes(usual)).toEqual({ 'qkv.weight': [18, 6], 'qkv.bias': [18], 'proj.weight': [6, 6], 'proj.bias': [6] });
    expect(shapes(wide)).toEqual({ 'qkv.weight': [24, 6], 'qkv.bias': [24], 'proj.weight': [6, 8], 'proj.bias': [6] });
    expect(wide.forward(x).shape).toEqual([2, 5, 6]);
    expect(() => new MultiHeadAttention(6, 4, { key })).toThrow(/attention\/heads.*headWidth/);
    expect(() => new MultiHeadAttention(6, 2, { rotary: true, key })).toThrow(/attention\/heads.*width 3.*even/);
    expect(() => new MultiHeadAttention(6, 2, { rotary: { bas: 3 } as object, headWidth: 2, key })).toThrow(/bas/);
    expect(() => new MultiHeadAttention(6, 2, { rotary: 7 as never, headWidth: 2, key })).toThrow(/options\/type/);
  });

  it('is the packed kernel to the bit where nothing is turned or kept', () => {
    const layer = new MultiHeadAttention(6, 2, { causal: true, key });
    const packed = selfAttention(layer.qkv.forward(x), 2, { causal: true });
    expect(numbers(layer.forward(x))).toEqual(numbers(layer.proj.forward(packed)));
  });

  it('tells earlier positions apart under rotary, and not without', () => {
    const swapped = concat([x.slice([0, 1], [2, 2]), x.slice([0, 0], [2, 1]), x.slice([0, 2], [])], 1);
    const change = (layer: MultiHeadAttention): number => {
      const last = (y: Tensor): Tensor => layer.forward(y).slice([0, 4], [2, 5]);
      return off(last(x), last(swapped));
    };
    expect(change(new MultiHeadAttention(6, 3, { rotary: true, key }))).toBeGreaterThan(1e-3);
    expect(change(new MultiHeadAttention(6, 3, { key }))).toBeLessThan(1e-6);
  });
});

describe('CrossAttention', () => {
  const layer = new CrossAttention(6, 2, { memoryWidth: 4, headWidth: 5, key });
  const memory = random.normal(random.key(4), [2, 3, 4]);

  it('names its parameters, and takes a memory of any length', () => {
    expect(shapes(layer)).toEqual({
      'q.weight': [10, 6],
      'q.bias': [10],
      'kv.weight': [20, 4],
      'kv.bias': [20],
      'proj.weight': [6, 10],
      'proj.bias': [6],
    });
    expect(layer.forward(x, memory).shape).toEqual([2, 5, 6]);
    expect(shapes(new CrossAttention(6, 2, { key }))['kv.weight']).toEqual([12, 6]);
    expect(() => new CrossAttention(6, 4, { key })).toThrow(/attention\/heads.*CrossAttention/);
    expect(() => layer.forward(x, x)).toThrow(/linear\/shapes/);
  });

  it('sees all of the memory, in any order, and no other position of x', () => {
    const y = layer.forward(x, memory);
    const turned = concat([memory.slice([0, 1], []), memory.slice([0, 0], [2, 1])], 1);
    expect(off(layer.forward(x, turned), y)).toBeLessThan(1e-6);
    const alone = layer.forward(x.slice([0, 2], [2, 3]), memory);
    expect(off(alone, y.slice([0, 2], [2, 3]))).toBeLessThan(1e-6);
    const other = concat([memory.slice([0, 0], [2, 2]), mul(2, memory.slice([0, 2], []))], 1);
    expect(off(layer.forward(x, other), y)).toBeGreaterThan(1e-3);
  });
});

describe('SwiGLU', () => {
  it('has about as many weights as FeedForward, and no biases', () => {
    expect(shapes(new SwiGLU(6, { key }))).toEqual({
      'gate.weight': [16, 6],
      'value.weight': [16, 6],
      'proj.weight': [6, 16],
    });
    expect(new SwiGLU(4, { key }).gate.weight.shape).toEqual([11, 4]); // ⌈32/3⌉
    expect(new SwiGLU(6, { hidden: 3, key }).forward(x).shape).toEqual([2, 5, 6]);
  });
});

describe('adapters of these layers', () => {
  const memory = random.normal(random.key(4), [2, 3, 6]);
  const cases: [string, number, Module, (of: never) => Tensor][] = [
    [
      'MultiHeadAttention',
      2,
      new MultiHeadAttention(6, 2, { headWidth: 2, rotary: true, key }),
      (of: MultiHeadAttention) => of.forward(x),
    ],
    ['CrossAttention', 3, new CrossAttention(6, 2, { key }), (of: CrossAttention) => of.forward(x, memory)],
    ['SwiGLU', 3, new SwiGLU(6, { key }), (of: SwiGLU) => of.forward(x)],
  ];
  it.each(cases)(
    '%s: each of its layers takes one, learns, and merges to the same function',
    (_, layers, model, run) => {
      const before = run(model as never);
      lora(model, { rank: 2, alpha: 4 });
      expect(Object.keys(model.parameters({ trainable: true })).length).toBe(2 * layers);
      expect(numbers(run(model as never))).toEqual(numbers(before));
      const loss = (): Tensor => mseLoss(run(model as never), mul(2, before));
      const training = trainer({ model, transform: adam({ learningRate: 0.05 }), loss, seed: 0 });
      for (let step = 0; step < 3; step++) training.step(undefined);
      for (const [path, value] of Object.entries(model.parameters({ trainable: true })))
        expect(value.abs().max().dataSync()[0], path).toBeGreaterThan(0);
      const adapted = run(model as never);
      expect(off(adapted, before)).toBeGreaterThan(1e-3);
      mergeAdapters(model);
      expect(off(run(model as never), adapted)).toBeLessThan(1e-5);
    },
  );
});
