import { describe, expect, it } from 'vitest';
import {
  adam,
  averageParameters,
  type Backend,
  BackendError,
  backend,
  type Checkpoint,
  Dropout,
  decodeCheckpoint,
  earlyStop,
  encodeCheckpoint,
  type FitCallbackLike,
  type FitEvent,
  type FitRun,
  gradientNorm,
  keepBest,
  Linear,
  logLines,
  MLP,
  memory,
  mseLoss,
  progressLine,
  random,
  referenceBackend,
  Sequential,
  setBackend,
  sgd,
  type Tensor,
  tensor,
  fit as train,
  trainer,
  validate,
} from '../../../src/index';

interface Batch {
  readonly x: Tensor;
  readonly y: Tensor;
}
const batch = (i: number): Batch => ({
  x: random.normal(random.key(100 + i), [6, 3]),
  y: random.normal(random.key(200 + i), [6, 2]),
});
const data = [0, 1, 2, 3].map(batch);
const held = [10, 11].map(batch);
const make = () => new MLP({ sizes: [3, 4, 2], activation: 'tanh', key: random.key(5) });
const lossOf =
  (model: MLP) =>
  ({ x, y }: Batch): Tensor =>
    mseLoss(model.forward(x), y);
const transform = adam({ learningRate: 0.05 });
const numbers = (params: Readonly<Record<string, Tensor>>): number[][] =>
  Object.values(params).map((t) => Array.from(t.dataSync()));
/** A bare parameter w of loss Σ w, which falls by `rate` a step. */
const falling = (rate = 1) => {
  const w = tensor([10]);
  return { w, options: { params: { w }, transform: sgd({ learningRate: rate }), loss: () => w.sum() } };
};

describe('fit', () => {
  it('is the trainer in a loop, bit for bit', async () => {
    const [model, other] = [make(), make()];
    const result = await train({ model, transform, loss: lossOf(model), data, epochs: 3, seed: 7 });
    const training = trainer({ model: other, transform, loss: lossOf(other), seed: 7 });
    const losses: unknown[] = [];
    for (let epoch = 0; epoch < 3; epoch++) for (const each of data) losses.push(training.step(each).loss);
    expect(result.losses).toEqual(losses);
    expect(numbers(model.parameters())).toEqual(numbers(other.parameters()));
    expect(result).toMatchObject({ steps: 12, epochs: 3, stopped: 'epochs' });
    expect(result.trainer.steps).toBe(12);
    const means = [0, 4, 8].map(
      (at) => losses.slice(at, at + 4).reduce((sum: number, x) => sum + (x as number), 0) / 4,
    );
    expect(result.history.map(({ loss }) => loss)).toEqual(means);
    expect(result.history.map(({ epoch, step, kind }) => [epoch, step, kind])).toEqual([
      [1, 4, 'report'],
      [2, 8, 'report'],
      [3, 12, 'report'],
    ]);
  });

  it('goes through functions of the epoch, generators and asynchronous iterables', async () => {
    const epochs: number[] = [];
    const asked = (epoch: number) => {
      epochs.push(epoch);
      return [1, 2];
    };
    expect((await train({ ...falling().options, data: asked, epochs: 2 })).steps).toBe(4);
    expect(epochs).toEqual([1, 2]);
    let closed = false;
    async function* stream() {
      try {
        for (let i = 0; ; i++) yield await Promise.resolve(i);
      } finally {
        closed = true;
      }
    }
    expect(await train({ ...falling().options, data: stream(), steps: 5 })).toMatchObject({
      steps: 5,
      stopped: 'steps',
    });
    expect(closed).toBe(true);
    const once = (function* () {
      yield 1;
    })();
    await expect(train({ ...falling().options, data: once, epochs: 2 })).rejects.toMatchObject({
      code: 'fit/no-batches',
      got: 'fit got no batch in epoch 2',
    });
  });

  it('reports after each `every` steps, once more at the end, and validates each time', async () => {
    const { w, options } = falling();
    const events: FitEvent[] = [];
    const { history } = await train({
      ...{ ...options, data: [0, 0, 0, 0, 0], every: 2 },
      validate: async () => ({ loss: await w.item(), twice: 2 * (await w.item()) }),
      callbacks: [(event) => void events.push(event)],
    });
    expect(events.map(({ kind, step }) => `${kind[0]}${step}`)).toEqual([
      's1',
      's2',
      'r2',
      's3',
      's4',
      'r4',
      's5',
      'r5',
    ]);
    expect(history.map(({ loss, validationLoss, values }) => [loss, validationLoss, values])).toEqual([
      [9.5, 8, { twice: 16 }],
      [7.5, 6, { twice: 12 }],
      [6, 5, { twice: 10 }],
    ]);
    const model = make();
    const batches = { data: () => held.values(), loss: lossOf(model) };
    const { history: reports } = await train({ ...{ model, transform, loss: lossOf(model), data }, validate: batches });
    expect(reports[0]?.validationLoss).toBe(await validate(lossOf(model), held));
    const wrong = train as (options: unknown) => Promise<unknown>;
    await expect(wrong({ ...options, data: [0], validate: () => ({ accuracy: 1 }) })).rejects.toMatchObject({
      code: 'options/type',
    });
  });

  it('ends when a callback or a signal says so, and says which', async () => {
    const stop = ({ step }: FitEvent) => (step === 3 ? 'stop' : undefined);
    const byName = await train({ ...falling().options, data: [0, 0, 0, 0, 0], callbacks: [stop] });
    expect(byName).toMatchObject({ steps: 3, stopped: 'stop', epochs: 0 });
    const controller = new AbortController();
    const { signal } = controller;
    const abort: FitCallbackLike = ({ step }) => step === 2 && controller.abort();
    const aborted = await train({ ...falling().options, data: [0, 0, 0, 0], signal, callbacks: [abort] });
    expect(aborted).toMatchObject({ steps: 2, stopped: 'signal' });
    expect(await train({ ...falling().options, data: [0], signal })).toMatchObject({ steps: 0, stopped: 'signal' });
  });

  it('gives the event loop its turns', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const busy = (): void => {
      const until = performance.now() + 3;
      while (performance.now() < until);
    };
    await train({ ...falling(0.01).options, data: new Array(30).fill(0), yieldEvery: 0, callbacks: [busy] });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });

  it('names the step and the epoch of a loss that is not finite', async () => {
    const { w, options } = falling();
    const loss = (factor: number) => w.sum().mul(factor);
    const run = train({ ...options, loss, data: (epoch: number) => (epoch === 2 ? [1, Infinity] : [1, 1]), epochs: 2 });
    await expect(run).rejects.toMatchObject({
      code: 'trainer/non-finite-loss',
      got: 'the loss of step 3 is Infinity, in epoch 2',
    });
  });

  it('waits for losses that are promises', async () => {
    const plain = backend();
    const late: Backend = {
      ...referenceBackend(),
      readSync() {
        throw new BackendError({ code: 'read/sync', got: 'a', expected: 'b', fix: 'c' });
      },
    };
    try {
      setBackend(late);
      const { options } = falling();
      const { losses, history } = await train({ ...options, data: [0, 0, 0], callbacks: [gradientNorm()] });
      expect(losses).toEqual([10, 9, 8]);
      expect(history[0]?.values).toEqual({ gradientNorm: 1 });
    } finally {
      setBackend(plain);
    }
  });

  it('leaves nothing behind over 1,000 steps', async () => {
    const { w, options } = falling(1e-3);
    const counts: unknown[] = [];
    const look = ({ kind, step }: FitEvent) => kind === 'step' && step % 250 === 0 && counts.push(memory());
    const small = { validate: () => w.item(), every: 50, yieldEvery: Infinity };
    const callbacks = [averageParameters({ decay: 0.9 }), keepBest(), gradientNorm(), earlyStop({ patience: 3 }), look];
    const { steps } = await train({ ...options, ...small, data: new Array(1000).fill(0), callbacks });
    expect(steps).toBe(1000);
    expect(counts.length).toBe(4);
    const sizes = counts as { tensors: number; bytes: number }[];
    for (const { tensors, bytes } of sizes) expect([tensors, bytes]).toEqual([sizes[0]?.tensors, sizes[0]?.bytes]);
  });
});

describe('fit that goes on', () => {
  const model = () => {
    const mlp = make();
    return new Sequential([mlp, new Dropout(0.3)]);
  };
  const all = (net: Sequential, callbacks: readonly FitCallbackLike[]) => ({
    ...{ model: net, transform, data, epochs: 5, every: 3, seed: 3 },
    loss: ({ x, y }: Batch, { key }: { key: ReturnType<typeof random.key> }) => mseLoss(net.forward(x, { key }), y),
    validate: { data: held, loss: ({ x, y }: Batch) => mseLoss(net.forward(x), y) },
    callbacks: [averageParameters({ decay: 0.9 }), keepBest({ restore: false }), ...callbacks],
  });
  const reload = async (made: Checkpoint) => decodeCheckpoint(await encodeCheckpoint(made));

  it.each([4, 6, 9, 10, 20])('after step %i is the training that never stopped, bit for bit', async (at) => {
    const [whole, half] = [model(), model()];
    let saved: Checkpoint | undefined;
    const save = ({ kind, step }: FitEvent, run: FitRun) => {
      if (kind === 'step' && step === at) saved = run.checkpoint();
      return step === at && kind === 'step' ? 'stop' : undefined;
    };
    const straight = await train(all(whole, []));
    const first = await train(all(half, [save]));
    expect(first).toMatchObject({ steps: at, stopped: 'save' });
    const fresh = model();
    const second = await train({ ...all(fresh, []), resume: await reload(saved as Checkpoint) });
    expect([...first.losses, ...second.losses]).toEqual(straight.losses);
    expect(numbers(fresh.state())).toEqual(numbers(whole.state()));
    const bare = ({ seconds: _, ...event }: FitEvent) => event;
    expect([...first.history, ...second.history].map(bare)).toEqual(straight.history.map(bare));
    const callbacksOf = (made: Checkpoint) => JSON.stringify((made.state as { callbacks: unknown }).callbacks);
    expect(callbacksOf(second.checkpoint())).toBe(callbacksOf(straight.checkpoint()));
  });

  it('for 10 steps and 10 more is fit for 20, from the checkpoint of the result', async () => {
    const [whole, half] = [make(), make()];
    const options = (net: MLP, steps: number) => ({ model: net, transform, loss: lossOf(net), data, steps });
    const straight = await train(options(whole, 20));
    const first = await train(options(half, 10));
    const fresh = make();
    const second = await train({ ...options(fresh, 20), resume: await reload(first.checkpoint()) });
    expect([...first.losses, ...second.losses]).toEqual(straight.losses);
    expect(numbers(fresh.parameters())).toEqual(numbers(whole.parameters()));
    const third = await train({ ...options(fresh, 20), resume: second.checkpoint() });
    expect(third).toMatchObject({ steps: 20, losses: [], stopped: 'steps' });
  });

  it('lets data that know their place go on from there', async () => {
    const seen: number[] = [];
    const counting = () => ({
      state: 0,
      load(state: unknown) {
        this.state = state as number;
      },
      *[Symbol.iterator]() {
        while (this.state < 7) {
          seen.push(this.state);
          yield this.state++;
        }
      },
    });
    const first = await train({ ...falling().options, data: counting(), steps: 3 });
    const { resume, options } = { resume: await reload(first.checkpoint()), options: falling().options };
    expect(await train({ ...options, data: counting(), resume })).toMatchObject({ steps: 7 });
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('refuses another seed, other callbacks, two of one name, and other params', async () => {
    const made = (
      await train({ ...falling().options, data: [0, 0], callbacks: [averageParameters({ decay: 0 })] })
    ).checkpoint();
    const code = 'fit/resume';
    const again = (more: object) => train({ ...falling().options, data: [0, 0], epochs: 2, resume: made, ...more });
    await expect(again({ seed: 1, callbacks: [averageParameters({ decay: 0 })] })).rejects.toMatchObject({ code });
    await expect(again({})).rejects.toMatchObject({ code });
    await expect(again({ callbacks: [averageParameters({ decay: 0 }), keepBest()] })).rejects.toMatchObject({ code });
    const two = [averageParameters({ decay: 0 }), averageParameters({ decay: 0.5 })];
    await expect(train({ ...falling().options, data: [0], callbacks: two })).rejects.toMatchObject({ code });
    const v = tensor([1]);
    const other = { params: { v }, loss: () => v.sum(), callbacks: [averageParameters({ decay: 0 })] };
    await expect(again(other)).rejects.toMatchObject({ code, got: 'fit got no values for "v"' });
    expect(await v.array()).toEqual([1]);
  });
});

describe('callbacks of fit', () => {
  /** `fit` on reports whose validation losses are these. */
  const scored = (scores: readonly number[], callbacks: readonly FitCallbackLike[], w = falling()) => {
    let at = 0;
    const validate = () => scores[at++] as number;
    return train({ ...w.options, data: [0], epochs: scores.length, validate, callbacks });
  };

  it('earlyStop counts reports in a row that do not improve by more than the minimum', async () => {
    const steps = async (options: Parameters<typeof earlyStop>[0], ...scores: number[]) =>
      (await scored(scores, [earlyStop(options)])).steps;
    expect(await steps({ patience: 2 }, 5, 4, 4, 3, 3, 3, 1)).toBe(6);
    expect(await steps({ patience: 1 }, 5, 4, NaN, 1)).toBe(3);
    expect(await steps({ patience: 2, minimum: 1 }, 5, 4.5, 4.2, 1)).toBe(3);
    expect(await steps({ patience: 2, minimum: 1 }, 5, 4.5, 3.9, 3.5, 2.8)).toBe(5);
    expect(await steps({ patience: 2, of: ({ validationLoss = 0 }) => -validationLoss }, 1, 2, 3, 2, 2, 9)).toBe(5);
    await expect(
      train({ ...falling().options, data: [0], callbacks: [earlyStop({ patience: 1 })] }),
    ).rejects.toMatchObject({
      code: 'fit/validation',
    });
  });

  it('keepBest gives back what was best, saves it, and does not where it is not to', async () => {
    const saved: unknown[] = [];
    const w = falling();
    const best = keepBest({ save: async ({ w }, { step }) => saved.push([step, await w?.item()]) });
    await scored([3, 1, 2, 1], [best], w);
    expect(await w.w.item()).toBe(8);
    expect(best.best).toEqual({ step: 2, score: 1 });
    expect(saved).toEqual([
      [1, 9],
      [2, 8],
    ]);
    const left = falling();
    await scored([1, 2], [keepBest({ restore: false })], left);
    expect(await left.w.item()).toBe(8);
    await scored([2, 5], [best], falling()); // begins anew
    expect(best.best).toEqual({ step: 1, score: 2 });
  });

  it('averageParameters is the moving average of the parameters, and changes places with them', async () => {
    const { w, options } = falling();
    const average = averageParameters({ decay: 0.75 });
    const during: number[] = [];
    const validate = () =>
      average.during(async () => {
        await Promise.resolve();
        during.push(await w.item());
        return 0;
      });
    await train({ ...options, data: [0, 0], epochs: 2, validate, callbacks: [average] });
    // 10 → (3·10 + 9)/4 = 9.75 → (3·9.75 + 8)/4 = 9.3125 → 8.734375 → 8.05078125
    expect(during).toEqual([9.3125, 8.05078125]);
    expect(await w.item()).toBe(6);
    average.swap();
    expect([await w.item(), await average.values.w?.item()]).toEqual([8.05078125, 6]);
    await expect(average.during(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    average.swap();
    expect([await w.item(), await average.values.w?.item()]).toEqual([6, 8.05078125]);
    expect(() => averageParameters({ decay: 0.5 }).swap()).toThrow('fit/not-started');
  });

  it('gradientNorm measures all gradients, for leafwise transforms and others', async () => {
    const params = { a: tensor([3, 1]), b: tensor([2]) };
    const loss = () => params.a.square().sum().add(params.b.square().sum()).mul(0.5); // the gradient is the parameter
    for (const atomic of [false, true]) {
      const seen: unknown[] = [];
      const observe = () => seen.push(1);
      const options = { params, transform: sgd({ learningRate: 0 }), loss, observe, atomic };
      const { history } = await train({ ...options, data: [0, 0], callbacks: [gradientNorm()] });
      expect(history[0]?.values.gradientNorm).toBeCloseTo(Math.sqrt(14), 6);
      expect(seen.length).toBe(atomic ? 2 : 4);
    }
  });

  it('progressLine says a report in a line, and steps where it is asked to', async () => {
    const lines: string[] = [];
    const write = (line: string) => lines.push(line.replace(/[\d.]+ s$/, 'T s'));
    await train({ ...falling().options, data: [0, 0], steps: 3, callbacks: [progressLine(write, { every: 2 })] });
    expect(lines).toEqual([
      'epoch 1 step 2/3 loss 9 T s',
      'epoch 1 step 2/3 loss 9.5 T s',
      'epoch 2 step 3/3 loss 8 T s',
    ]);
  });

  it('logLines writes the run, the steps, the reports and the end', async () => {
    let text = '';
    const log = logLines((more) => (text += more), { name: 'a', details: { rate: 1 }, every: 2 });
    const model = new Linear(1, 1, { key: random.key(0) });
    const loss = () => model.weight.sum().mul(0).add(0.5);
    const options = { model, transform: sgd({ learningRate: 0 }), loss, data: [0, 0, 0] };
    await train({ ...options, validate: () => NaN, callbacks: [log] });
    const lines = text.split('\n').map((line) => line.replace(/"seconds":[\d.e-]+/, '"seconds":0'));
    expect(lines).toEqual([
      '{"run":"a","seed":0,"epochs":1,"steps":null,"resumed":0,"parameters":2,"details":{"rate":1}}',
      '{"epoch":1,"loss":0.5,"values":{},"step":2,"seconds":0}',
      '{"report":true,"epoch":1,"loss":0.5,"validationLoss":null,"values":{},"step":3,"seconds":0}',
      '{"stopped":"epochs"}',
      '',
    ]);
  });
});
