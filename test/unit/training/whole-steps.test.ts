import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  accumulate,
  adafactor,
  adam,
  type Backend,
  BackendError,
  backend,
  buffer,
  chain,
  clipByGlobalNorm,
  customVjp,
  type ForwardOptions,
  type GradientTransform,
  Linear,
  MLP,
  Module,
  mapParams,
  memory,
  mseLoss,
  mul,
  type Params,
  random,
  referenceBackend,
  setBackend,
  sgd,
  type Tensor,
  type TrainerOptions,
  tensor,
  trainer,
  updateBuffer,
  zeros,
} from '../../../src/index';
import { mapTensors } from '../../../src/tensor/tree';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const open = (tree: unknown): unknown => mapTensors(tree, (t) => numbers(t) as unknown as Tensor);
const first = backend();
afterAll(() => setBackend(first));

/** What may fail in a device; freeing and bookkeeping may not. */
const safe = new Set(['name', 'free', 'enter', 'leave', 'collectable', 'memory', 'resetPeak', 'describe', 'poison']);

/** A backend of which one call fails, as if memory had run out just then. */
function failing(): { readonly backend: Backend; failAfter(calls: number): void; readonly failed: boolean } {
  let left = Number.POSITIVE_INFINITY;
  const proxied = new Proxy(referenceBackend(), {
    get(target, name: keyof Backend) {
      const member = target[name] as unknown;
      if (typeof member !== 'function') return member;
      if (safe.has(name)) return member.bind(target);
      return (...args: unknown[]) => {
        if (left-- === 0) {
          throw new BackendError({ code: 'backend/out-of-memory', got: `call of ${name}`, expected: 'a', fix: 'b' });
        }
        return member.apply(target, args);
      };
    },
  });
  return {
    backend: proxied,
    failAfter(calls) {
      left = calls;
    },
    get failed() {
      return left < 0;
    },
  };
}

/** Two layers with a running mean between them. */
class Model extends Module {
  first = new Linear(2, 3, { key: random.key(1) });
  mean = buffer(zeros([3]));
  last = new Linear(3, 1, { key: random.key(2) });
  forward(x: Tensor): Tensor {
    const hidden = this.first.forward(x).tanh();
    updateBuffer(this.mean, (before) => before.mul(0.5).add(hidden.mean({ axis: 0 })));
    return this.last.forward(hidden);
  }
}

const x = [
  [1, 2],
  [3, -1],
];
function setUp(transform: GradientTransform<unknown>, options: Partial<TrainerOptions<unknown, null>> = {}) {
  const model = new Model();
  const loss = (): Tensor => mseLoss(model.forward(tensor(x)), tensor([[1], [-1]]));
  const run = trainer({ model, transform, loss, seed: 0, ...options });
  run.step(null);
  return { model, run, everything: () => open([model.state(), run.state, run.steps]) };
}

const whole: Record<string, [() => GradientTransform<unknown>, { atomic?: boolean }]> = {
  'adam, atomic': [() => adam({ learningRate: 0.1 }), { atomic: true }],
  'adafactor, atomic': [() => adafactor({ learningRate: 0.1, momentum: 0.9 }), { atomic: true }],
  'adam behind a clip of the whole record': [() => chain(clipByGlobalNorm(1), adam({ learningRate: 0.1 })), {}],
  'adam over accumulation': [() => accumulate(2, adam({ learningRate: 0.1 })), {}],
};

describe('a device that fails at any call of a step', () => {
  it.each(Object.entries(whole))('%s: the step is not taken, and can be taken afterwards', (_, [make, options]) => {
    const device = failing();
    setBackend(device.backend);
    const never = setUp(make(), options);
    never.run.step(null);
    const expected = never.everything();
    const { run, everything } = setUp(make(), options);
    const before = everything();
    const { tensors, bytes } = memory();
    let faults = 0;
    for (; faults < 1000; faults++) {
      device.failAfter(faults);
      try {
        run.step(null);
      } catch (error) {
        expect(error).toMatchObject({ code: 'backend/out-of-memory' });
        device.failAfter(Number.POSITIVE_INFINITY);
        expect(everything()).toEqual(before);
        expect(memory()).toMatchObject({ tensors, bytes });
        continue;
      }
      break;
    }
    device.failAfter(Number.POSITIVE_INFINITY);
    expect(faults).toBeGreaterThan(40);
    expect(everything()).toEqual(expected);
  });

  it('leaf by leaf: nothing has moved, or every later step says that the trainer is unusable', () => {
    const device = failing();
    setBackend(device.backend);
    const make = () => adam({ learningRate: 0.1 });
    const never = setUp(make());
    never.run.step(null);
    const expected = never.everything();
    const counts = { untouched: 0, unusable: 0 };
    for (let fault = 0; fault < 1000; fault++) {
      const { model, run, everything } = setUp(make());
      const before = everything();
      const tensors = [model.state(), run.state];
      device.failAfter(fault);
      let failed = false;
      try {
        run.step(null);
      } catch {
        failed = true;
      }
      device.failAfter(Number.POSITIVE_INFINITY);
      if (!failed) break;
      expect(run.steps).toBe(1);
      const moved = JSON.stringify([...(open(tensors) as []), 1]) !== JSON.stringify(before);
      counts[moved ? 'unusable' : 'untouched']++;
      if (moved) {
        const unusable = expect.objectContaining({ code: 'trainer/unusable' });
        for (let again = 0; again < 2; again++) expect(() => run.step(null)).toThrow(unusable);
        expect(() => run.state).toThrow(unusable);
      } else {
        run.step(null);
        expect(everything()).toEqual(expected);
      }
    }
    expect(counts.untouched).toBeGreaterThan(20);
    expect(counts.unusable).toBeGreaterThan(20);
  });
});

describe('an exception late in a step', () => {
  beforeEach(() => setBackend(first));

  /** Four layers; the vjp of the first, which runs last, throws when it is told to. */
  function fourLayers(
    transform: GradientTransform<unknown>,
    options: Partial<TrainerOptions<unknown, null>> = {},
    values?: Params,
  ) {
    const model = new MLP({ sizes: [2, 2, 2, 2, 2], activation: 'tanh', key: random.key(3) });
    if (values) model.load(values);
    let throws = false;
    const gate = customVjp({
      forward: (t: Tensor) => [mul(t, 1), null],
      vjp: (g) => {
        if (throws) throw new Error('late');
        return [g];
      },
    });
    const [bottom, ...rest] = model.layers as [Linear, ...Linear[]];
    const forward = () => rest.reduce((y, layer) => layer.forward(y.tanh()), gate(bottom.forward(tensor(x))));
    const run = trainer({ model, transform, loss: () => forward().square().mean(), seed: 0, ...options });
    if (!options.resume) run.step(null);
    return {
      model,
      run,
      everything: () => open([model.parameters(), run.state, run.steps]),
      late: (on: boolean) => {
        throws = on;
      },
    };
  }

  it('in a vjp leaves a leafwise trainer unusable, which says what happened and what to do', () => {
    const { model, run, late } = fourLayers(adam({ learningRate: 0.1 }));
    const before = open(model.parameters()) as Record<string, unknown>;
    late(true);
    expect(() => run.step(null)).toThrow('late');
    const after = open(model.parameters()) as Record<string, unknown>;
    const moved = Object.keys(after).filter((path) => JSON.stringify(after[path]) !== JSON.stringify(before[path]));
    expect(moved).toEqual(expect.arrayContaining(['layers.3.weight', 'layers.1.weight']));
    expect(moved).not.toContain('layers.0.weight');
    late(false);
    expect(() => run.step(null)).toThrow(/\[trainer\/unusable\] step 1 failed after.*\(late\).*checkpoint.*resume/);
    expect(run.steps).toBe(1);
    const resume = () => fourLayers(adam({ learningRate: 0.1 }), { resume: run });
    expect(resume).toThrow(/trainer\/unusable/);
  });

  it('can be recovered from: a new trainer on a copy of the last good state goes on as if nothing had happened', () => {
    const transform: GradientTransform<unknown> = adam({ learningRate: 0.1 });
    const [never, broken] = [fourLayers(transform), fourLayers(transform)];
    const copy = <T>(tree: T): T => mapTensors(tree, (t) => tensor(t.dataSync(), { shape: [...t.shape] }));
    const saved = copy({ parameters: broken.model.parameters(), state: broken.run.state, steps: broken.run.steps });
    broken.late(true);
    expect(() => broken.run.step(null)).toThrow('late');
    const restored = fourLayers(transform, { resume: saved }, saved.parameters);
    for (const { run } of [never, restored]) run.step(null);
    expect(restored.everything()).toEqual(never.everything());
  });

  it('changes nothing with atomic, and both ways of a step give the same bits', () => {
    const [leafwise, atomic] = [false, true].map((on) => fourLayers(adam({ learningRate: 0.1 }), { atomic: on }));
    for (let i = 0; i < 3; i++) {
      const before = atomic?.everything();
      atomic?.late(true);
      expect(() => atomic?.run.step(null)).toThrow('late');
      atomic?.late(false);
      expect(atomic?.everything()).toEqual(before);
      leafwise?.run.step(null);
      atomic?.run.step(null);
      expect(atomic?.everything()).toEqual(leafwise?.everything());
    }
  });

  it.each<[string, (grads: Record<string, Tensor>) => Record<string, Tensor>, string]>([
    ['an update of another shape', (u) => ({ ...u, 'layers.2.bias': zeros([3, 2]) }), 'assign/shape'],
    ['an update without a parameter', (u) => ({ ...u, 'layers.9.bias': zeros([2]) }), 'params/unknown'],
    ['a state with a freed tensor', (u) => u, 'scope/freed'],
  ])('%s changes nothing where the record is updated at once', (what, change, code) => {
    let wrong = false;
    let freed: Tensor | undefined;
    const transform: GradientTransform<{ n: number; last: Record<string, Tensor>; odd: Record<string, Tensor> }> = {
      init: (params) => ({ n: 0, last: mapParams(params, (p) => mul(p, 0)) as Record<string, Tensor>, odd: {} }),
      update(grads, { n }) {
        const updates = mapParams(grads, (g) => mul(g, -0.1)) as Record<string, Tensor>;
        const odd = wrong && what.startsWith('a state') ? { odd: freed as Tensor } : {};
        return [wrong ? change(updates) : updates, { n: n + 1, last: grads as Record<string, Tensor>, odd }];
      },
    };
    freed = tensor([1]).mul(2);
    const { run, everything, late } = fourLayers(transform as GradientTransform<unknown>);
    late(false);
    const before = everything();
    wrong = true;
    (freed as unknown as { value: { freedBy: string | null } }).value.freedBy = 'the test';
    expect(() => run.step(null)).toThrow(expect.objectContaining({ code }));
    wrong = false;
    expect(everything()).toEqual(before);
    run.step(null);
    expect(run.steps).toBe(2);
  });

  it('a state may keep a parameter: as it was before the step', () => {
    const w = tensor([1, 2]);
    const transform: GradientTransform<{ slow: Tensor }> = {
      init: (params) => ({ slow: mul(params.w as Tensor, 1) }),
      update: (grads, _, params) => [mapParams(grads, (g) => mul(g, -1)), { slow: params.w as Tensor }],
    };
    const run = trainer({ params: { w }, transform, loss: () => w.sum(), seed: 0 });
    run.step(null);
    expect([numbers(w), numbers(run.state.slow)]).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });
});

describe('a loss that is promised', () => {
  /** Reads come later, as on a GPU. */
  function later(): Backend {
    const readSync = (): never => {
      throw new BackendError({ code: 'read/sync', got: 'a', expected: 'b', fix: 'c' });
    };
    return new Proxy(referenceBackend(), {
      get(target, name: keyof Backend) {
        const member = name === 'readSync' ? readSync : (target[name] as unknown);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  }
  const contents = async (tree: unknown): Promise<unknown> => {
    const reads: Promise<unknown>[] = [];
    mapTensors(tree, (t) => {
      reads.push(t.array());
      return t;
    });
    return Promise.all(reads);
  };
  class Scaled extends Module {
    weight = tensor([3]);
    seen = buffer(tensor([0]));
    forward(c: Tensor, _: ForwardOptions = {}): Tensor {
      updateBuffer(this.seen, (before) => before.add(c));
      return this.weight.mul(c).sum();
    }
  }
  const start = (atomic: boolean, transform: GradientTransform<unknown> = adam({ learningRate: 1 })) => {
    setBackend(later());
    const model = new Scaled();
    const run = trainer({ model, transform, loss: (c: number) => model.forward(tensor([c])), seed: 0, atomic });
    return { model, run };
  };

  it('with atomic: the step is taken when the loss is known, and not at all if it is not finite', async () => {
    const { model, run } = start(true);
    const untouched = await contents([model.state(), run.state]);
    const { loss } = run.step(2);
    expect(() => run.step(2)).toThrow(expect.objectContaining({ code: 'trainer/pending' }));
    expect([run.steps, await contents([model.state(), run.state])]).toEqual([0, untouched]);
    expect(await loss).toBe(6);
    expect(run.steps).toBe(1);
    const after = await contents([model.state(), run.state]);
    expect(after).not.toEqual(untouched);
    const { tensors, bytes } = memory();
    await expect(run.step(Number.NaN).loss).rejects.toThrow(/trainer\/non-finite-loss.*step 1/);
    expect([run.steps, await contents([model.state(), run.state])]).toEqual([1, after]);
    expect(memory()).toMatchObject({ tensors, bytes });

    const plain = start(false); // the same two good steps without a failure between them
    await plain.run.step(2).loss;
    await plain.run.step(4).loss;
    setBackend(model.weight.value.backend);
    await run.step(4).loss;
    const expected = await contents([plain.model.state(), plain.run.state]);
    expect(await contents([model.state(), run.state])).toEqual(expected);
    expect(memory()).toMatchObject({ tensors, bytes });
  });

  it.each([
    ['leaf by leaf', adam({ learningRate: 1 })],
    ['all at once', chain(clipByGlobalNorm(1), adam({ learningRate: 1 }))],
  ])('without atomic, %s: the trainer is unusable once a loss was not finite', async (_, transform) => {
    const { run } = start(false, transform);
    expect(await run.step(2).loss).toBe(6);
    await expect(run.step(Number.NaN).loss).rejects.toThrow(/trainer\/non-finite-loss/);
    expect(() => run.step(2)).toThrow(/trainer\/unusable.*step 1.*trainer\/non-finite-loss/);
    setBackend(first);
  });
});

describe('memory of a step', () => {
  it('atomic holds what twelve leaves need at once, and no copy of the parameters beyond', () => {
    setBackend(first);
    const peak = (transform: GradientTransform<unknown>, atomic: boolean): number => {
      const sizes = new Array<number>(13).fill(64);
      const model = new MLP({ sizes, activation: 'tanh', key: random.key(5) });
      const input = random.normal(random.key(6), [1, 64]);
      const run = trainer({ model, transform, loss: () => mseLoss(model.forward(input), input), seed: 0, atomic });
      run.step(null);
      const before = memory().bytes;
      backend().resetPeak();
      run.step(null);
      return (memory().peakBytes - before) / (4 * 64 * 64); // in weights
    };
    const plain = sgd({ learningRate: 0.1 });
    expect(peak(plain, false)).toBeLessThan(4); // gradient, update and sum of one leaf
    expect(peak(plain, true)).toBeGreaterThan(2 * 12); // gradients and updates of all
    expect(peak(plain, true)).toBeLessThan(2 * 12 + 2); // where updates become sums, the gradients are gone
  });
});
