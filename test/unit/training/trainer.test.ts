import { describe, expect, it } from 'vitest';
import {
  accumulate,
  adafactor,
  adam,
  adamw,
  applyUpdates,
  type Backend,
  BackendError,
  backend,
  chain,
  clipByGlobalNorm,
  crossEntropy,
  debug,
  ema,
  flora,
  floraAccumulate,
  GPT,
  type GradientTransform,
  type Key,
  lion,
  MLP,
  mapParams,
  masked,
  memory,
  mseLoss,
  type Params,
  partition,
  projectors,
  random,
  referenceBackend,
  remat,
  rmsprop,
  scale,
  scaleByAdam,
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
    const keys: Key[] = [];
    const loss = (batch: Batch, { key }: { key: Key }): Tensor => {
      keys.push(key);
      return lossOf(b)(batch);
    };
    const resumed = trainer({ model: b, transform, loss, seed: 3, resume: whole });
    for (const batch of batches.slice(2)) expect(resumed.step(batch).loss).toBe(whole.step(batch).loss);
    expect(open([resumed.state, resumed.parameters])).toEqual(open([whole.state, whole.parameters]));
    expect(resumed.steps).toBe(4);
    expect(keys).toEqual([2, 3].map((step) => random.fold(random.key(3), 'step', step)));
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

  describe('leaf by leaf', () => {
    const optimizers: Record<string, () => GradientTransform<unknown>> = {
      sgd: () => sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.1 }),
      adam: () => adam({ learningRate: (step) => 0.1 / (step + 1) }),
      adamw: () => adamw({ learningRate: 0.1, weightDecay: 0.1 }),
      adafactor: () => adafactor({ learningRate: 0.1, momentum: 0.9 }),
      lion: () => lion({ learningRate: 0.1 }),
      rmsprop: () => rmsprop({ learningRate: 0.1, momentum: 0.9, centered: true }),
      flora: () => flora({ learningRate: 0.1, rank: 2, refreshEvery: 2 }),
      'flora, projected by the gradient': () =>
        flora({ learningRate: 0.1, rank: 2, refreshEvery: 2, projector: projectors.svd }),
      'flora-opt': () => flora({ learningRate: 0.1, rank: 2, refreshEvery: 2, ordering: 'flora-opt' }),
      partition: () =>
        partition({ even: adam({ learningRate: 0.1 }), odd: sgd({ learningRate: 0.1, momentum: 0.9 }) }, (path) =>
          path.length % 2 === 0 ? 'even' : 'odd',
        ),
      masked: () =>
        chain(
          masked(ema({ decay: 0.9, debias: true }), (_, { ndim }) => ndim === 2),
          scale(-0.1),
        ),
    };

    /** Tied weights, a parameter that the loss does not use, and rematerialised blocks. */
    function newModel() {
      const sizes = { vocabularySize: 7, context: 4, width: 8, heads: 2, layers: 2 };
      const model = new GPT({ ...sizes, tieHead: true, key: random.key(1) });
      const params = { ...model.parameters(), spare: tensor([1, 2, 3]) };
      const ids = tensor([[0, 3, 1, 6]], { dtype: 'int32' });
      const loss = (_: number, { key }: { key: Key }): Tensor => {
        const logits = remat(() => model.forward(ids, { key }))();
        return crossEntropy(logits.add(model.blocks[0]?.mlp.fc.weight.sum() ?? 0), ids);
      };
      return { params, loss };
    }

    it.each(Object.entries(optimizers))('%s: the bits of all leaves at once', (_, make) => {
      const [a, b] = [newModel(), newModel()];
      expect(make().leafwise).toBe(true);
      const streamed = trainer({ ...a, transform: make(), seed: 3 });
      const whole = trainer({ ...b, transform: { ...make(), leafwise: false }, seed: 3 });
      const tensors = collect(streamed.state);
      for (let i = 0; i < 5; i++) {
        expect(streamed.step(i).loss).toBe(whole.step(i).loss);
        expect(open([streamed.state, streamed.parameters])).toEqual(open([whole.state, whole.parameters]));
      }
      expect(collect(streamed.state).every((t, i) => t === tensors[i])).toBe(true);
    });

    it('has one gradient in memory where all at once has them all', () => {
      const peak = (leafwise: boolean): number => {
        const sizes = new Array<number>(13).fill(64);
        const model = new MLP({ sizes, activation: 'tanh', key: random.key(5) });
        const x = random.normal(random.key(6), [1, 64]);
        const transform = { ...adam({ learningRate: 0.1 }), leafwise };
        const run = trainer({ model, transform, loss: () => mseLoss(model.forward(x), x), seed: 0 });
        run.step(null);
        const before = memory().bytes;
        backend().resetPeak();
        run.step(null);
        return (memory().peakBytes - before) / (4 * 64 * 64); // in weights
      };
      expect(peak(false)).toBeGreaterThan(12 * 4); // gradients, both moments and updates of twelve layers
      expect(peak(true)).toBeLessThan(12); // the same of one, and Adam's temporaries
    });

    it('is not done where a norm of the whole record is taken, gradients accumulate or one tensor has two names', () => {
      const wholes: GradientTransform<unknown>[] = [
        clipByGlobalNorm(1),
        chain(clipByGlobalNorm(1), scaleByAdam()),
        masked(clipByGlobalNorm(1), () => true),
        partition({ all: clipByGlobalNorm(1) }, () => 'all' as const),
        accumulate(2, sgd({ learningRate: 1 })),
        floraAccumulate({ steps: 2, rank: 1, inner: sgd({ learningRate: 1 }) }),
      ];
      for (const transform of wholes) expect(Boolean(transform.leafwise), transform.name).toBe(false);
      const w = tensor([1, 2]);
      const transform = sgd({ learningRate: 0.5, weightDecay: 1 });
      const twice = trainer({ params: { w, again: w }, transform, loss: () => w.sum(), seed: 0 });
      twice.step(null); // both updates are −½·(1 + w) of the old w
      expect(numbers(w)).toEqual([-1, -1]);
    });

    it('an exception midway leaves what it has passed updated, unless debug looks for one', () => {
      const [first, second] = [tensor([2, 1]), tensor([3, 4])];
      const failing: GradientTransform<unknown> = {
        ...sgd({ learningRate: 1 }),
        update: (grads, state) => {
          if (Object.hasOwn(grads, 'first')) throw new Error('mine');
          return [mapParams(grads, (g) => g.neg()), state];
        },
      };
      const loss = (): Tensor => first.square().mul(second).sum();
      const run = trainer({ params: { first, second }, transform: failing, loss, seed: 0 });
      debug({ nonFinite: true });
      try {
        expect(() => run.step(null)).toThrow('mine');
        expect([first, second].map(numbers)).toEqual([
          [2, 1],
          [3, 4],
        ]);
      } finally {
        debug({ nonFinite: false });
      }
      expect(() => run.step(null)).toThrow('mine');
      expect([first, second].map(numbers)).toEqual([
        [2, 1],
        [-1, 3],
      ]);
      expect(run.steps).toBe(0);
    });
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
