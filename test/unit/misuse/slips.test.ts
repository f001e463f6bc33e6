import { describe, expect, it } from 'vitest';
import * as library from '../../../src/index';
import {
  add,
  arange,
  cast,
  grad,
  Linear,
  mseLoss,
  ones,
  random,
  referenceBackend,
  remat,
  scope,
  setBackend,
  slice,
  split,
  square,
  type Tensor,
  tensor,
  wasmBackend,
  zeros,
} from '../../../src/index';

/** The library as plain JavaScript sees it. */
const js = library as unknown as Record<string, (...args: unknown[]) => unknown>;
const plain = (x: Tensor): Record<string, (...args: unknown[]) => unknown> => x as never;
const rand = library.random as unknown as Record<string, (...args: unknown[]) => unknown>;
const x = (): Tensor => ones([2, 3]);

describe('a common slip is told what to type', () => {
  it.each<[string, () => unknown]>([
    ['write sum(x, { axis: 0 })', () => js.sum?.(x(), 0)],
    ['write mean(x, { axis: 0 })', () => plain(x()).mean?.(0)],
    ['write sum(x, { axis: [0, 1] })', () => js.sum?.(x(), [0, 1])],
    ['write max(x, { keepDims: true })', () => js.max?.(x(), true)],
    ['write softmax(x, { axis: 0 })', () => js.softmax?.(x(), 0)],
    ['write tensor(values, { dtype: "int32" })', () => js.tensor?.([1, 2], 'int32')],
    ['write ones([2, 3])', () => js.ones?.(2, 3)],
    ['write [3]', () => js.zeros?.(3)],
    ['write reshape([2, 3])', () => plain(x()).reshape?.(2, 3)],
    ['write reshape(x, [2, 3])', () => js.reshape?.(x(), 2, 3)],
    ['write transpose([1, 0])', () => plain(x()).transpose?.(1, 0)],
    ['write stack([a, b])', () => js.stack?.(x(), x())],
    ['write concat([a, b])', () => js.concat?.(x(), x(), 0)],
    ['write tensor([…])', () => js.add?.(x(), [1])],
    ['await the promise first', () => js.add?.(x(), Promise.resolve(x()))],
    ['pass what its forward returns', () => js.square?.(new Linear(2, 2, { key: random.key(0) }))],
    ['write model.parameters()', () => js.valueAndGrad?.(() => x().sum(), new Linear(2, 2, { key: random.key(0) }))],
    ['write random.key(0)', () => rand.normal?.(0, [2])],
    ['write setBackend(wasmBackend())', () => js.setBackend?.('wasm')],
    ['write setBackend(await gpu())', () => js.setBackend?.(Promise.resolve(wasmBackend()))],
    ['write stack([…])', () => js.tensor?.([ones([2]), ones([2])])],
  ])('%s', (fix, call) => {
    expect(call).toThrow(fix);
  });

  it.each<[string, string, () => unknown]>([
    ['arguments/count', 'arange', () => js.arange?.(1, 5)],
    ['arguments/count', 'neg', () => plain(x()).neg?.(1)],
    ['options/range', 'slice', () => js.slice?.(x(), 0, 2)],
    ['random/seed', 'random.key', () => rand.key?.('xy')],
    ['random/seed', 'random.key', () => rand.key?.()],
    ['options/range', 'clip', () => plain(x()).clip?.(0)],
    ['shape/extent', 'ones', () => js.ones?.('2')],
    ['scope/async', 'grad', () => grad((async (y: Tensor) => y) as never)(x())],
    ['grad/scalar', 'grad', () => grad(() => 3 as never)(x())],
    ['scope/async', 'hvp', () => library.hvp((async (y: Tensor) => y) as never)(x(), x())],
  ])('%s in the name of %s', (code, name, call) => {
    expect(call).toThrow(expect.objectContaining({ code, got: expect.stringMatching(`^${name} got `) }));
  });

  it('an async function under a derivative is no function to run again', () => {
    const later = remat((async (y: Tensor) => square(y)) as never) as unknown as (y: Tensor) => Tensor;
    expect(() => grad((y) => later(y))(ones([2]))).toThrow(/scope\/async\] remat got/);
  });

  it('what map passes after the element is no slip', () => {
    expect([ones([2]), ones([3])].map(square).map(({ shape }) => shape)).toEqual([[2], [3]]);
    expect([2, 3].map(arange).map(({ size }) => size)).toEqual([2, 3]);
    expect([[2], [3]].map(zeros).map(({ size }) => size)).toEqual([2, 3]);
    expect([1, 2].map(random.key)).toEqual([random.key(1), random.key(2)]);
  });
});

describe('positions are whole', () => {
  it.each([
    [[2.5], [5]],
    [[0], [4.5]],
    [[Number.NaN], [5]],
    [['1'], [5]],
    [new Array(1), [5]],
  ])('slice from %j to %j', (from, to) => {
    expect(() => slice(arange(6), from as number[], to as number[])).toThrow(/options\/range\] slice got (start|end)/);
  });

  it.each([[2.5], [0], [-1], [[1.5, 4.5]], [[-1, 7]], [2 ** 53], ['2'], [new Array(2)]])('split into %j', (parts) => {
    expect(() => split(arange(6), parts as number)).toThrow(/options\/range\] split got parts/);
  });

  it('sizes have to add up', () => {
    expect(() => split(arange(6), 4)).toThrow(/split\/sizes/);
    expect(() => split(arange(6), [2, 3])).toThrow(/split\/sizes/);
    expect(split(arange(6), [0, 2, 4]).map(({ size }) => size)).toEqual([0, 2, 4]);
  });
});

describe('tensor changes no value', () => {
  it.each<[string, ArrayBufferView & ArrayLike<number>, 'float32' | 'int32']>([
    ['Float64Array', Float64Array.of(0.5, -3), 'float32'],
    ['Float32Array', Float32Array.of(0.5, -3), 'float32'],
    ['Int8Array', Int8Array.of(-128, 127), 'int32'],
    ['Uint8Array', Uint8Array.of(0, 255), 'int32'],
    ['Uint8ClampedArray', Uint8ClampedArray.of(0, 255), 'int32'],
    ['Int16Array', Int16Array.of(-32768, 32767), 'int32'],
    ['Uint16Array', Uint16Array.of(0, 65535), 'int32'],
    ['Int32Array', Int32Array.of(-(2 ** 31), 2 ** 31 - 1), 'int32'],
    ['Uint32Array', Uint32Array.of(0, 2 ** 31 - 1), 'int32'],
  ])('%s', (_, values, dtype) => {
    const made = tensor(values as Float32Array);
    expect(made.dtype).toBe(dtype);
    expect([...made.dataSync()]).toEqual(Array.from(values));
  });

  it('Float16Array, where there is one', () => {
    const { Float16Array } = globalThis as unknown as { Float16Array?: { of(...xs: number[]): Float32Array } };
    if (Float16Array === undefined) return;
    const made = tensor(Float16Array.of(0.5, -3));
    expect([made.dtype, ...made.dataSync()]).toEqual(['float32', 0.5, -3]);
  });

  const int32 = { dtype: 'int32' } as const;
  it.each<[string, () => unknown]>([
    ['2³¹', () => tensor([2 ** 31], int32)],
    ['below −2³¹', () => tensor([-(2 ** 31) - 1], int32)],
    ['1e20', () => tensor([[1], [1e20]], int32)],
    ['a fraction', () => tensor(0.5, int32)],
    ['NaN', () => tensor([Number.NaN], int32)],
    ['infinity', () => tensor([Infinity], int32)],
    ['a large Uint32Array', () => tensor(Uint32Array.of(2 ** 31))],
    ['fractions of a Float32Array', () => tensor(Float32Array.of(0.5), int32)],
  ])('%s does not fit int32', (_, call) => {
    expect(call).toThrow(/\[tensor\/int32\] tensor got/);
  });

  it('says where it is', () => {
    expect(() =>
      tensor(
        [
          [1, 2],
          [3, 0.5],
        ],
        int32,
      ),
    ).toThrow('tensor got 0.5 at [1, 1]');
    expect(() => tensor([1, [2]] as never)).toThrow(/tensor\/ragged/);
  });

  it('the ends of int32 fit, and cast saturates', () => {
    expect([...tensor([2 ** 31 - 1, -(2 ** 31), -0], int32).dataSync()]).toEqual([2147483647, -2147483648, 0]);
    const wild = tensor([3e9, -3e9, Number.NaN, 1.9, -1.9]);
    expect([...cast(wild, 'int32').dataSync()]).toEqual([2147483647, -2147483648, 0, 1, -1]);
    expect(tensor(Uint32Array.of(2 ** 31), { dtype: 'float32' }).dataSync()[0]).toBe(2 ** 31);
  });

  const loop: unknown[] = [];
  loop.push(loop);
  const late: unknown[] = [[1, 2]];
  late.push(late);
  const deep = JSON.parse(`${'['.repeat(5000)}1${']'.repeat(5000)}`) as unknown;
  it.each<[string, unknown]>([
    ['a text in an array', ['a']],
    ['a text', 'a'],
    ['a number and a text', [1, 'a']],
    ['true', true],
    ['booleans', [true, false]],
    ['null', null],
    ['a null beside numbers', [1, null]],
    ['undefined', undefined],
    ['a hole', Object.assign(new Array(3), { 0: 1, 2: 3 })],
    ['a hole at first', Object.assign(new Array(2), { 1: 1 })],
    ['a nested hole', [[1, 2], new Array(2)]],
    ['a bigint', [1n]],
    ['a BigInt64Array', BigInt64Array.of(1n)],
    ['a DataView', new DataView(new ArrayBuffer(8))],
    ['an ArrayBuffer', new ArrayBuffer(8)],
    ['a Set', new Set([1, 2])],
    ['a generator', (function* () {})()],
    ['an array-like', { length: 1, 0: 1 }],
    ['a tensor', ones([2])],
    ['tensors', [ones([2]), ones([2])]],
    ['a promise', Promise.resolve([1])],
    ['rows of typed arrays', [Float32Array.of(1)]],
    ['an array that holds itself', loop],
    ['an array 5000 deep', deep],
  ])('refuses %s', (_, values) => {
    expect(() => tensor(values as number)).toThrow(/^\[tensor\/values\] tensor got /);
  });

  it('an array that holds itself further on is ragged', () => {
    expect(() => tensor(late as never)).toThrow(/tensor\/ragged/);
  });
});

describe('mseLoss', () => {
  it('compares one shape, and repeats nothing', () => {
    const [predictions, targets] = [ones([4, 1]), zeros([4])];
    expect(() => mseLoss(predictions, targets)).toThrow(
      /\[mse-loss\/shapes\] mseLoss got a \[4, 1\] and b \[4\].*reshape/,
    );
    expect(() => mseLoss(ones([2, 3]), ones([]))).toThrow(/mse-loss\/shapes/);
    expect(mseLoss(predictions, targets.reshape([4, 1])).dataSync()[0]).toBe(1);
  });
});

describe('sizes beyond memory', () => {
  it.each([
    ['wasm', wasmBackend],
    ['reference', referenceBackend],
  ] as const)('are an error of ours on %s', (_, make) => {
    const before = library.backend();
    setBackend(make());
    try {
      const far = 2 ** 36;
      for (const call of [
        () => zeros([far]),
        () => random.normal(random.key(0), [far]),
        () => random.rademacher(random.key(0), [far]),
        () => library.broadcastTo(ones([1]), [far]),
        () => library.pad(ones([1]), [[0, far]]),
        () => library.eye(2 ** 18),
        () => add(ones([2 ** 18, 1]), ones([2 ** 18])),
        () => library.less(ones([2 ** 18, 1]), ones([2 ** 18])),
        () => library.matmul(ones([2 ** 18, 1]), ones([1, 2 ** 18])),
      ]) {
        expect(() => scope(call)).toThrow(/^\[backend\/out-of-memory\]/);
      }
      expect(() => zeros([2 ** 30, 2 ** 30])).toThrow(/shape\/extent/);
    } finally {
      setBackend(before);
    }
  });
});
