import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  adam,
  Dropout,
  Linear,
  lora,
  Module,
  mseLoss,
  noGrad,
  ones,
  random,
  scope,
  sgd,
  type Tensor,
  tensor,
  trainer,
  zeros,
} from '../../../src/index';

const key = random.key(0);
const layer = (name: string) => new Linear(2, 2, { bias: false, key: random.fold(key, name) });
const numbers = (t: Tensor | undefined): number[] => Array.from((t as Tensor).dataSync());

/** A model with one field. */
function holding(field: unknown): Module {
  return new (class extends Module {
    field = field;
    forward(x: Tensor): Tensor {
      return x;
    }
  })();
}
const pathsOf = (field: unknown): string[] => Object.keys(holding(field).parameters());

describe('where parameters are found', () => {
  it.each<[string, unknown, string[]]>([
    ['a plain record', { b: layer('b'), a: layer('a') }, ['field.b.weight', 'field.a.weight']],
    ['a record without prototype', Object.assign(Object.create(null), { w: zeros([1]) }), ['field.w']],
    ['a record of another realm', Object.assign(runInNewContext('({})') as object, { w: zeros([1]) }), ['field.w']],
    [
      'a Map with names and numbers',
      new Map<string | number, unknown>([
        ['left', layer('l')],
        [7, zeros([1])],
      ]),
      ['field.left.weight', 'field.7'],
    ],
    ['arrays of records of Maps', [{ m: new Map([['x', [layer('x')]]]) }], ['field.0.m.x.0.weight']],
    ['nothing in typed arrays, strings, functions and null', [new Float32Array(3), 'x', () => 1, null], []],
    ['nothing in a Set of other things', new Set(['a', { b: 1 }, tensor([1], { dtype: 'int32' })]), []],
    [
      'nothing in objects of other classes',
      [
        new Date(),
        new (class Data {
          x = zeros([1]);
        })(),
      ],
      [],
    ],
  ])('%s', (_, field, paths) => {
    expect(pathsOf(field)).toEqual(paths);
  });

  it('each tensor once, under its first path, also through cycles', () => {
    const shared = layer('shared');
    const record: Record<string, unknown> = { one: shared, two: shared };
    record.self = record;
    const map = new Map<string, unknown>([['record', record]]);
    map.set('map', map);
    expect(pathsOf(map)).toEqual(['field.record.one.weight']);
  });

  it.each<[string, unknown, string, RegExp]>([
    ['a Set of modules', new Set([layer('a')]), 'module/hidden', /"field" is a Set/],
    ['a Set deep inside', [{ s: new Set([[layer('a')]]) }], 'module/hidden', /"field\.0\.s" is a Set/],
    [
      'a layer that is no Module',
      new (class Mine {
        weight = zeros([1]);
        forward(x: Tensor) {
          return x;
        }
      })(),
      'module/hidden',
      /"field" is an instance of Mine/,
    ],
    [
      'modules in an object of another class',
      new (class Tower {
        top = new Dropout(0.5);
      })(),
      'module/hidden',
      /Tower/,
    ],
    ['a Map with objects as keys', new Map([[{}, layer('a')]]), 'module/key', /"field" has a key of type object/],
    [
      'a key with a dot beside its nested twin',
      { 'a.b': zeros([1]), a: { b: zeros([1]) } },
      'module/path',
      /field\.a\.b/,
    ],
    [
      'the keys 1 and "1"',
      new Map<unknown, Tensor>([
        [1, zeros([1])],
        ['1', zeros([1])],
      ]),
      'module/path',
      /field\.1/,
    ],
  ])('refuses %s', (_, field, code, message) => {
    const model = holding(field);
    for (const list of [() => model.parameters(), () => model.state(), () => model.load({})]) {
      expect(list).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
    }
  });

  it('a network of a record and a Map learns, freezes, adapts and survives its scope', () => {
    class Towers extends Module {
      towers = { left: layer('left'), right: layer('right') };
      heads = new Map([['sum', new Linear(2, 1, { key: random.fold(key, 'head') })]]);
      forward(x: Tensor): Tensor {
        const both = this.towers.left.forward(x).add(this.towers.right.forward(x)).tanh();
        return (this.heads.get('sum') as Linear).forward(both);
      }
    }
    const model = scope(() => noGrad(() => new Towers()));
    const [x, y] = [ones([1, 2]), zeros([1, 1])];
    const loss = () => mseLoss(model.forward(x), y);
    const run = trainer({ model, transform: sgd({ learningRate: 0.1 }), loss, seed: 0 });
    const before = Object.values(model.parameters()).map(numbers);
    run.step(null);
    const after = Object.entries(model.parameters()).map(([path, t]) => [path, numbers(t)] as const);
    expect(after.map(([path]) => path)).toEqual([
      'towers.left.weight',
      'towers.right.weight',
      'heads.sum.weight',
      'heads.sum.bias',
    ]);
    for (const [i, [path, values]] of after.entries()) expect(values, path).not.toEqual(before[i]);
    model.freeze('towers.left');
    expect(Object.keys(model.parameters({ trainable: true }))).not.toContain('towers.left.weight');
    expect(lora(model, { rank: 1, alpha: 1 }).adapted.map(({ path }) => path)).toEqual([
      'towers.left',
      'towers.right',
      'heads.sum',
    ]);
  });
});

describe('a trainer and its model', () => {
  const transform = adam({ learningRate: 0.1 });
  const x = ones([1, 2]);

  class Net extends Module {
    first = layer('first');
    last: Tensor | null = null;
    keepsActivation = false;
    forward(input: Tensor): Tensor {
      const hidden = this.first.forward(input);
      if (this.keepsActivation) this.last = hidden;
      return hidden.square().sum();
    }
  }
  const start = (model: Net) => trainer({ model, transform, loss: () => model.forward(x), seed: 0 });
  const changed = (said: string) =>
    expect.objectContaining({ code: 'trainer/model-changed', got: expect.stringContaining(said) });

  it('needs something to train', () => {
    const loss = () => tensor(0);
    const wrong = (options: object) => () => trainer({ transform, loss, seed: 0, ...options });
    expect(wrong({ model: new Dropout(0.5) })).toThrow(/trainer\/parameters.*without any tensor to train; /);
    expect(wrong({ params: {} })).toThrow(/trainer\/parameters/);
    const frozen = new Net();
    frozen.freeze(() => true);
    expect(wrong({ model: frozen })).toThrow(/trainer\/parameters.*all 1 parameters are frozen.*unfreeze/);
  });

  it.each<[string, (model: Net) => void, string]>([
    ['a weight was replaced', (model) => (model.first.weight = ones([2, 2])), 'another tensor: "first.weight"'],
    ['a layer was replaced', (model) => (model.first = layer('other')), 'another tensor: "first.weight"'],
    ['a layer was added', (model) => Object.assign(model, { more: layer('more') }), 'new: "more.weight"'],
    ['a tensor is gone', (model) => (model.last = null), 'gone: "last"'],
    ['an activation is kept', (model) => (model.keepsActivation = true), 'another tensor: "last"'],
    ['an adapter was attached', (model) => lora(model, { rank: 1, alpha: 1 }), 'new: "first.lora.A", "first.lora.B"'],
    ['a weight was frozen', (model) => model.freeze('first'), 'frozen, unfrozen or made a buffer: "first.weight"'],
  ])('a step says so where %s, and moves nothing', (_, change, said) => {
    const model = new Net();
    model.last = ones([3]);
    const run = start(model);
    run.step(null);
    change(model);
    const before = numbers(model.first.weight);
    expect(() => run.step(null)).toThrow(changed(said));
    expect([numbers(model.first.weight), run.steps]).toEqual([before, 1]);
  });

  it('an activation that is kept is found in the first step, before it is trained', () => {
    const model = new Net();
    model.keepsActivation = true;
    expect(() => start(model).step(null)).toThrow(changed('new: "last"'));
  });

  it('also where it was given a record of parameters', () => {
    const params: Record<string, Tensor> = { w: ones([2]) };
    const run = trainer({ params, transform, loss: () => (params.w as Tensor).sum(), seed: 0 });
    run.step(null);
    params.w = ones([2]);
    expect(() => run.step(null)).toThrow(changed('another tensor: "w"'));
  });

  it('a new trainer takes a model as it is now', () => {
    const model = new Net();
    start(model).step(null);
    model.first = layer('other');
    lora(model, { rank: 1, alpha: 1 });
    const run = start(model);
    run.step(null);
    expect(Object.keys(run.parameters)).toEqual(['first.lora.A', 'first.lora.B']);
  });

  it('new values for a weight are no other weight', () => {
    const model = new Net();
    const run = start(model);
    run.step(null);
    model.load({ 'first.weight': ones([2, 2]) });
    expect(run.step(null).loss).toBe(8); // (1·1 + 1·1)² twice
  });
});
