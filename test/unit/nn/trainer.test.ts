import { describe, expect, it } from 'vitest';
import {
  adafactor,
  adam,
  applyUpdates,
  type Backend,
  BackendError,
  backend,
  chain,
  type GradientTransform,
  type Key,
  MLP,
  memory,
  mseLoss,
  type Params,
  random,
  referenceBackend,
  setBackend,
  sgd,
  type Tensor,
  tensor,
  trainer,
  valueAndGrad,
} from '../../../src/index';
import { mapTensors } from '../../../src/tensor/tree';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const open = (tree: unknown): unknown => mapTensors(tree, (t) => numbers(t) as unknown as Tensor);
const make = () => new MLP({ sizes: [3, 4, 2], activation: 'tanh', key: random.key(5) });
const batches = Array.from({ length: 4 }, (_, i) => ({
  x: random.normal(random.key(100 + i), [6, 3]),
  y: random.normal(random.key(200 + i), [6, 2]),
}));
type Batch = (typeof batches)[number];
const first = batches[0] as Batch;
const lossOf =
  (model: MLP) =>
  ({ x, y }: Batch): Tensor =>
    mseLoss(model.forward(x), y);

describe('trainer', () => {
  it('is valueAndGrad, update and applyUpdates, bit for bit', () => {
    const transform = adafactor({ learningRate: 0.1, momentum: 0.9 });
    const [a, b] = [make(), make()];
    const run = trainer({ model: a, transform, loss: lossOf(a), seed: 0 });
    const params = b.parameters();
    let state = transform.init(params);
    for (const batch of batches) {
      const { value, grads } = valueAndGrad(() => lossOf(b)(batch), params);
      const [updates, next] = transform.update(grads, state, params);
      state = next;
      applyUpdates(params, updates);
      expect(run.step(batch).loss).toBe(value.dataSync()[0]);
      expect(open(run.state)).toEqual(open(state));
      expect(open(run.parameters)).toEqual(open(params));
    }
    expect(run.steps).toBe(4);
  });

  it('stops at a non-finite loss and leaves everything as it was', () => {
    const model = make();
    const run = trainer({ model, transform: adam({ learningRate: 0.1 }), loss: lossOf(model), seed: 0 });
    run.step(first);
    const before = open([run.parameters, run.state, run.steps]);
    const broken = { x: first.x.mul(Number.NaN), y: first.y };
    expect(() => run.step(broken)).toThrow(/trainer\/non-finite-loss.*step 1 is NaN/);
    expect(open([run.parameters, run.state, run.steps])).toEqual(before);
    expect(run.step(first).loss).toBeGreaterThan(0);
  });

  it('keeps the same state tensors, and no others: memory stays flat', () => {
    const model = make();
    const run = trainer({ model, transform: adam({ learningRate: 0.1 }), loss: lossOf(model), seed: 0 });
    run.step(first);
    const tensors = collect(run.state);
    const { tensors: live, bytes } = memory();
    for (let i = 0; i < 50; i++) run.step(first);
    expect(collect(run.state)).toEqual(tensors);
    expect(collect(run.state).every((t, i) => t === tensors[i])).toBe(true);
    expect(memory()).toMatchObject({ tensors: live, bytes });
  });

  it('gives each step a key that depends on seed and step alone', () => {
    const keys = (seed: number): Key[] => {
      const seen: Key[] = [];
      const w = tensor([1]);
      const loss = (_: null, { key }: { key: Key }): Tensor => {
        seen.push(key);
        return w.square().sum();
      };
      const run = trainer({ params: { w }, transform: sgd({ learningRate: 0.1 }), loss, seed });
      for (let i = 0; i < 3; i++) run.step(null);
      return seen;
    };
    expect(keys(1)).toEqual(keys(1));
    expect(new Set([...keys(1), ...keys(2)].map(String)).size).toBe(6);
    expect(keys(1)[2]).toEqual(random.fold(random.key(1), 'step', 2));
  });

  it('trains only what is trainable', () => {
    const model = make();
    model.freeze('layers.0');
    const before = open(model.parameters()) as Record<string, unknown>;
    const run = trainer({ model, transform: sgd({ learningRate: 0.1 }), loss: lossOf(model), seed: 0 });
    run.step(first);
    expect(Object.keys(run.parameters)).toEqual(['layers.1.weight', 'layers.1.bias']);
    const after = open(model.parameters()) as Record<string, unknown>;
    expect(after['layers.0.weight']).toEqual(before['layers.0.weight']);
    expect(after['layers.1.weight']).not.toEqual(before['layers.1.weight']);
  });

  it('goes on exactly where another one stopped', () => {
    const transform = chain(adam({ learningRate: 0.1 }));
    const a = make();
    const whole = trainer({ model: a, transform, loss: lossOf(a), seed: 3 });
    for (const batch of batches.slice(0, 2)) whole.step(batch);
    const b = make();
    b.load(a.parameters());
    const resumed = trainer({ model: b, transform, loss: lossOf(b), seed: 3, resume: whole });
    for (const batch of batches.slice(2)) expect(resumed.step(batch).loss).toBe(whole.step(batch).loss);
    expect(open([resumed.state, resumed.parameters])).toEqual(open([whole.state, whole.parameters]));
  });

  it('survives a state whose tensors change places, are shared, or come and go', () => {
    interface History {
      readonly last: Params;
      readonly before: Params;
      readonly odd: Params;
    }
    const history: GradientTransform<History> = {
      name: 'history',
      init: (params) => ({ last: params, before: params, odd: {} }),
      update: (grads, { last, odd }) => [
        grads,
        { last: grads, before: last, odd: Object.keys(odd).length ? {} : last },
      ],
    };
    const w = tensor([1, 1]);
    const loss = (c: number): Tensor => w.mul(tensor([c, 2 * c])).sum();
    const run = trainer({ params: { w }, transform: history, loss, seed: 0 });
    for (const c of [1, 2, 3]) run.step(c);
    expect(open(run.state)).toEqual({ last: { w: [3, 6] }, before: { w: [2, 4] }, odd: { w: [2, 4] } });
    expect(numbers(w)).toEqual([7, 13]);
    run.step(4);
    expect(open(run.state)).toEqual({ last: { w: [4, 8] }, before: { w: [3, 6] }, odd: {} });
  });

  it('promises the loss where the backend cannot read at once', async () => {
    const sync = backend();
    const cannot = { code: 'read/sync', got: 'a', expected: 'b', fix: 'c' };
    const readSync = (): never => {
      throw new BackendError(cannot);
    };
    const late: Backend = new Proxy(referenceBackend(), {
      get(target, name: keyof Backend) {
        const member = name === 'readSync' ? readSync : target[name];
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    setBackend(late);
    try {
      const w = tensor([3]);
      const loss = (c: number): Tensor => w.mul(c).sum();
      const run = trainer({ params: { w }, transform: sgd({ learningRate: 1 }), loss, seed: 0 });
      const { loss: promise } = run.step(2);
      expect(promise).toBeInstanceOf(Promise);
      expect(await promise).toBe(6);
      expect(Array.from(await w.data())).toEqual([1]);
      await expect(run.step(Number.NaN).loss).rejects.toThrow(/trainer\/non-finite-loss.*step 1/);
    } finally {
      setBackend(sync);
    }
  });

  it('wants a model or parameters', () => {
    const transform = sgd({ learningRate: 0.1 });
    const loss = (): Tensor => tensor(0);
    expect(() => trainer({ transform, loss, seed: 0 })).toThrow(/trainer\/parameters/);
    expect(() => trainer({ model: make(), params: {}, transform, loss, seed: 0 })).toThrow(/trainer\/parameters/);
  });
});

function collect(tree: unknown): Tensor[] {
  const found: Tensor[] = [];
  mapTensors(tree, (t) => {
    found.push(t);
    return t;
  });
  return found;
}
