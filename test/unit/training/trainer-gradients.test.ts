import { describe, expect, it } from 'vitest';
import {
  adam,
  type Backend,
  BackendError,
  backend,
  buffer,
  Dropout,
  type Evaluate,
  type Gradients,
  type Key,
  keep,
  Linear,
  lora,
  MLP,
  Module,
  mapParams,
  memory,
  mseLoss,
  mul,
  type Observation,
  type Params,
  random,
  referenceBackend,
  Sequential,
  scope,
  setBackend,
  sgd,
  type Tensor,
  type TrainerOptions,
  tensor,
  trainer,
  updateBuffer,
  valueAndGrad,
  zeros,
} from '../../../src/index';
import { mapTensors } from '../../../src/tensor/tree';

const numbers = (t: Tensor | undefined): number[] => Array.from((t as Tensor).dataSync());
const open = (tree: unknown): unknown => mapTensors(tree, (t) => numbers(t) as unknown as Tensor);
const x = random.normal(random.key(1), [5, 3]);
const y = random.normal(random.key(2), [5, 2]);
const key = random.key(3);

function setUp<S>(options: Partial<TrainerOptions<S, number>> & Pick<TrainerOptions<S, number>, 'transform'>) {
  const model = new Sequential([new Linear(3, 4, { key }), new Dropout(0.3), new Linear(4, 2, { key })]);
  const seen: { batch: number; key: Key }[] = [];
  const loss = (batch: number, pass: { key: Key }): Tensor => {
    seen.push({ batch, key: pass.key });
    return mseLoss(model.forward(x.mul(batch), pass), y);
  };
  const run = trainer({ model, loss, seed: 7, ...options });
  return { model, run, seen, everything: () => open([model.state(), run.state, run.steps]) };
}
const plainly: Gradients<unknown> = (evaluate) => evaluate().grads;

describe('gradients', () => {
  it('by one evaluation are those that a trainer takes, to the bit', () => {
    const transform = adam({ learningRate: 0.1 });
    const [a, b] = [setUp({ transform }), setUp({ transform, gradients: plainly })];
    for (const batch of [1, 2, 3]) {
      expect(b.run.step(batch).loss).toBe(a.run.step(batch).loss);
      expect(b.everything()).toEqual(a.everything());
    }
  });

  it('each evaluation has the batch and key of its step, and so the same dropout', () => {
    const values: number[] = [];
    const gradients: Gradients<unknown> = (evaluate) => {
      const [first, second] = [evaluate(), evaluate({ grads: false })];
      values.push(first.value.dataSync()[0] as number, second.value.dataSync()[0] as number);
      expect(second.grads).toEqual({});
      return first.grads;
    };
    const { run, seen } = setUp({ transform: sgd({ learningRate: 0.1 }), gradients });
    const losses = [run.step(4).loss, run.step(5).loss];
    const keys = [0, 1].map((step) => random.fold(random.key(7), 'step', step));
    expect(seen).toEqual([4, 4, 5, 5].map((batch, i) => ({ batch, key: keys[Math.floor(i / 2)] })));
    expect(values).toEqual([losses[0], losses[0], losses[1], losses[1]]);
  });

  it('get the parameters, and state, number and key of the step', () => {
    let run: { parameters: Params } | undefined;
    const calls: unknown[] = [];
    const gradients: Gradients<{ last: Params }> = (evaluate, parameters, context) => {
      expect(parameters).toBe(run?.parameters);
      calls.push(open([context.state.last, context.step]), context.key);
      return evaluate().grads;
    };
    const w = tensor([1, 2]);
    const transform = {
      init: (params: Params) => ({ last: mapParams(params, (p) => mul(p, 0)) }),
      update: (grads: Params): [Params, { last: Params }] => [grads, { last: grads }],
    };
    const made = trainer({ params: { w }, transform, loss: (c: number) => w.mul(c).sum(), seed: 3, gradients });
    run = made;
    made.step(5);
    made.step(6);
    const root = random.key(3);
    expect(calls).toEqual([
      [{ w: [0, 0] }, 0],
      random.fold(root, 'step', 0),
      [{ w: [5, 5] }, 1],
      random.fold(root, 'step', 1),
    ]);
  });

  it('at other values: the gradient there, frozen parameters too, and the model is as it was', () => {
    const layer = new Linear(3, 2, { key });
    lora(layer, { rank: 1 });
    layer.load({ ...layer.state(), 'lora.B': tensor([[1], [-2]]) });
    const before = open(layer.parameters());
    const noise = random.normal(random.key(5), [2, 3]);
    let found: unknown;
    const gradients: Gradients<unknown> = (evaluate, parameters) => {
      const weight = layer.weight.add(noise); // as Flat-LoRA does: the frozen weight with noise, the factors without
      const { value, grads } = evaluate({ at: { weight, 'lora.B': mul(parameters['lora.B'] as Tensor, 2) } });
      found = open([value, grads]);
      expect(open(layer.parameters())).toEqual(before);
      return grads;
    };
    const loss = (): Tensor => mseLoss(layer.forward(x), y);
    const run = trainer({ model: layer, transform: sgd({ learningRate: 0 }), loss, seed: 0, gradients });
    run.step(undefined);
    expect(open(layer.parameters())).toEqual(before);
    const B = tensor([[2], [-4]]);
    layer.load({ ...layer.state(), weight: layer.weight.add(noise), 'lora.B': B });
    const there = valueAndGrad(loss, layer.parameters({ trainable: true }));
    expect(found).toEqual(open([there.value, there.grads]));
  });

  it('without a derivative: two losses make the slope along a direction', () => {
    const w = tensor([1, -2, 0.5]);
    const u = tensor([1, 0.5, -2]);
    const gradients: Gradients<unknown> = (evaluate) => {
      const at = (step: number): Tensor => evaluate({ at: { w: w.add(u.mul(step)) }, grads: false }).value;
      return { w: u.mul(at(0.5).sub(at(-0.5))) };
    };
    const loss = (): Tensor => w.square().sum(); // a quadratic, whose central difference is exact
    const run = trainer({ params: { w }, transform: sgd({ learningRate: 1 }), loss, seed: 0, gradients });
    run.step(undefined);
    const slope = 2 * (1 * 1 - 2 * 0.5 - 0.5 * 2); // ⟨2w, u⟩ = −2
    expect(numbers(w)).toEqual([1 - slope, -2 - slope * 0.5, 0.5 + slope * 2]);
  });

  it('move a buffer once a step, by the first evaluation', () => {
    class Counted extends Module {
      w = tensor([2]);
      seen = buffer(zeros([1]));
      forward(): Tensor {
        updateBuffer(this.seen, (before) => before.add(this.w));
        return this.w.square().sum();
      }
    }
    const model = new Counted();
    const gradients: Gradients<unknown> = (evaluate) => {
      evaluate();
      return evaluate({ at: { w: tensor([100]) } }).grads;
    };
    const run = trainer({
      model,
      transform: sgd({ learningRate: 0.01 }),
      loss: () => model.forward(),
      seed: 0,
      gradients,
    });
    run.step(undefined);
    expect([numbers(model.seen), numbers(model.w)]).toEqual([[2], [0]]); // 2 − 0.01·2·100
  });

  it('leave out a parameter that is not to move, and may evaluate inside a scope of their own', () => {
    const gradients: Gradients<unknown> = (evaluate) =>
      scope(() => ({ 'layers.2.bias': evaluate().grads['layers.2.bias'] as Tensor }));
    const { model, run } = setUp({ transform: sgd({ learningRate: 0.1 }), gradients });
    const before = open(model.parameters()) as Record<string, number[]>;
    expect(run.step(1).loss).toBeGreaterThan(0);
    const after = open(model.parameters()) as Record<string, number[]>;
    for (const path of Object.keys(before))
      if (path === 'layers.2.bias') expect(after[path]).not.toEqual(before[path]);
      else expect(after[path]).toEqual(before[path]);
  });

  it('leave no memory behind', () => {
    const gradients: Gradients<unknown> = (evaluate, parameters) => {
      evaluate();
      return evaluate({ at: mapParams(parameters, (p) => mul(p, 2)) }).grads;
    };
    const { run } = setUp({ transform: adam({ learningRate: 0.01 }), gradients });
    run.step(1);
    const { tensors, bytes } = memory();
    for (let i = 0; i < 5; i++) run.step(1);
    expect(memory()).toMatchObject({ tensors, bytes });
  });

  let leaked: Evaluate | undefined;
  const wrongs: Record<string, [Gradients<unknown>, RegExp]> = {
    'values of another shape': [
      (e) => e({ at: { 'layers.0.bias': zeros([3]) } }).grads,
      /trainer\/evaluate.*layers\.0\.bias.*\[3\].*\[4\]/,
    ],
    'values at a path that is none': [(e) => e({ at: { bias: zeros([3]) } }).grads, /trainer\/evaluate.*"bias"/],
    'values that are no tensors': [(e) => e({ at: { bias: 1 } as never }).grads, /options|arguments/],
    'a gradient of another shape': [
      (e) => ({ ...e().grads, 'layers.0.bias': zeros([3]) }),
      /trainer\/gradients.*layers\.0\.bias/,
    ],
    'a gradient without a parameter': [(e) => ({ ...e().grads, bias: zeros([3]) }), /trainer\/gradients.*"bias"/],
    'what is no record': [(e) => e().value as never, /arguments\/params/],
    'no evaluation': [() => ({}), /trainer\/gradients.*without a call of evaluate/],
    'a promise': [(async (e: Evaluate) => e().grads) as never, /scope\/async/],
    'an evaluation after its step': [() => leaked?.().grads as Params, /trainer\/evaluate.*after the step/],
    'a second loss that is not finite': [
      (e) => {
        e();
        return e({ at: { 'layers.2.bias': tensor([1e30, 1e30]) } }).grads;
      },
      /trainer\/non-finite-loss/,
    ],
    'an exception': [
      (e) => {
        e();
        throw new Error('mine');
      },
      /mine/,
    ],
  };
  it.each(Object.entries(wrongs))('with %s: the step is not taken, and the next one can be', (_, [wrong, message]) => {
    let bad = false;
    const gradients: Gradients<unknown> = (evaluate, parameters, context) => {
      if (bad) return wrong(evaluate, parameters, context);
      leaked = evaluate;
      return evaluate().grads;
    };
    const { run, everything } = setUp({ transform: adam({ learningRate: 0.1 }), gradients });
    run.step(1);
    const before = everything();
    const { tensors, bytes } = memory();
    bad = true;
    expect(() => run.step(1)).toThrow(message);
    expect(everything()).toEqual(before);
    expect(memory()).toMatchObject({ tensors, bytes });
    bad = false;
    run.step(1);
    expect(run.steps).toBe(2);
  });

  it('where losses are promised: the loss is that of the first evaluation', async () => {
    const before = backend();
    const readSync = (): never => {
      throw new BackendError({ code: 'read/sync', got: 'a', expected: 'b', fix: 'c' });
    };
    const late: Backend = new Proxy(referenceBackend(), {
      get(target, name: keyof Backend) {
        const member = name === 'readSync' ? readSync : target[name];
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    setBackend(late);
    try {
      for (const atomic of [false, true]) {
        const w = tensor([3]);
        const gradients: Gradients<unknown> = (evaluate) => {
          evaluate();
          return evaluate({ at: { w: tensor([5]) } }).grads;
        };
        const loss = (): Tensor => w.square().sum();
        const run = trainer({ params: { w }, transform: sgd({ learningRate: 0.1 }), loss, seed: 0, gradients, atomic });
        expect(await run.step(undefined).loss).toBe(9);
        expect((await w.data())[0]).toBeCloseTo(3 - 0.1 * 10, 5);
      }
    } finally {
      setBackend(before);
    }
  });
});

describe('observe', () => {
  const ways: Record<string, [Partial<TrainerOptions<unknown, number>>, number]> = {
    'leaf by leaf': [{}, 4],
    'the whole record, atomic': [{ atomic: true }, 1],
    'the whole record, by gradients': [{ gradients: plainly }, 1],
  };
  it.each(Object.entries(ways))(
    '%s: sees each gradient, and the update that is applied, and changes nothing',
    (_, [options, calls]) => {
      const transform = adam({ learningRate: 0.1 });
      const plain = setUp({ transform, ...options });
      const seen: { step: number; gradients: object; updates: object }[] = [];
      const before: Record<string, number[]> = {};
      const observe = ({ step, gradients, updates, parameters }: Observation): void => {
        seen.push({ step, gradients: open(gradients) as object, updates: open(updates) as object });
        for (const path of Object.keys(updates)) before[path] = numbers(parameters[path]);
        Object.keys(updates).forEach((path) => void delete (updates as Record<string, Tensor>)[path]); // of its own record
      };
      const observed = setUp({ transform, ...options, observe });
      for (const step of [0, 1]) {
        const old = open(plain.run.parameters) as Record<string, number[]>;
        const { grads } = valueAndGrad(
          () => mseLoss(plain.model.forward(x.mul(2), { key: random.fold(random.key(7), 'step', step) }), y),
          plain.run.parameters,
        );
        expect(observed.run.step(2).loss).toBe(plain.run.step(2).loss);
        expect(observed.everything()).toEqual(plain.everything());
        expect(seen.map((look) => look.step)).toEqual(new Array(calls).fill(step));
        expect(Object.assign({}, ...seen.map(({ gradients }) => gradients))).toEqual(open(grads));
        expect(before).toEqual(old);
        const updates = Object.assign({}, ...seen.map((look) => look.updates)) as Record<string, number[]>;
        for (const [path, values] of Object.entries(open(plain.run.parameters) as Record<string, number[]>))
          expect(values).toEqual(
            values.map((_, i) => Math.fround((old[path]?.[i] as number) + (updates[path]?.[i] as number))),
          );
        seen.length = 0;
      }
    },
  );

  it('has one gradient in memory where leaves are passed one at a time', () => {
    const peak = (observe?: (seen: Observation) => void): number => {
      const model = new MLP({ sizes: new Array<number>(13).fill(64), activation: 'tanh', key: random.key(5) });
      const input = random.normal(random.key(6), [1, 64]);
      const loss = (): Tensor => mseLoss(model.forward(input), input);
      const run = trainer({
        model,
        transform: adam({ learningRate: 0.1 }),
        loss,
        seed: 0,
        ...(observe && { observe }),
      });
      run.step(null);
      const before = memory().bytes;
      backend().resetPeak();
      run.step(null);
      return (memory().peakBytes - before) / (4 * 64 * 64);
    };
    const squares: number[] = [];
    const norm = ({ gradients }: Observation): void => {
      for (const g of Object.values(gradients)) squares.push(g.square().sum().dataSync()[0] as number);
    };
    expect(peak(norm) - peak()).toBeLessThan(1.5); // a square of one gradient
    expect(squares.length).toBe(2 * 24);
  });

  it('has nothing that outlives it but what it keeps', () => {
    for (const atomic of [false, true]) {
      let gradient: Tensor | undefined;
      let made: Tensor | undefined;
      let kept: Tensor | undefined;
      const observe = ({ gradients }: Observation): void => {
        gradient = Object.values(gradients)[0];
        made = gradient?.mul(2);
        kept = keep(mul(gradient as Tensor, 1));
      };
      const { run } = setUp({ transform: adam({ learningRate: 0.1 }), observe, atomic });
      run.step(1);
      expect(() => gradient?.dataSync()).toThrow(/scope\/freed/);
      expect(() => made?.dataSync()).toThrow(/scope\/freed.*observe/);
      expect(kept?.dataSync().length).toBe(kept?.size);
    }
  });

  it('what it throws is an exception of the step: nothing has moved, or the trainer says so', () => {
    for (const [atomic, at, code] of [
      [true, 1, null],
      [false, 1, null],
      [false, 2, 'trainer/unusable'],
    ] as const) {
      let left = 0;
      const observe = (): void => {
        if (--left === 0) throw new Error('mine');
      };
      const { run, model } = setUp({ transform: adam({ learningRate: 0.1 }), observe, atomic });
      const before = open(model.parameters());
      left = at;
      expect(() => run.step(1)).toThrow('mine');
      left = 0;
      if (code === null) {
        expect(open(model.parameters())).toEqual(before);
        run.step(1);
        expect(run.steps).toBe(1);
      } else expect(() => run.step(1)).toThrow(code);
    }
  });

  it('may return no promise, for the tensors would be freed before they are read', () => {
    for (const atomic of [false, true]) {
      const observe = (async () => {}) as never;
      const { run, everything } = setUp({ transform: adam({ learningRate: 0.1 }), observe, atomic });
      const before = everything();
      expect(() => run.step(1)).toThrow(/scope\/async.*observe/);
      expect(everything()).toEqual(before);
    }
  });
});
