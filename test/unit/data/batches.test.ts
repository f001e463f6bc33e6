import { describe, expect, it } from 'vitest';
import {
  adam,
  type Batch,
  type BatchesState,
  batches,
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  Linear,
  mseLoss,
  random,
  referenceBackend,
  scope,
  setBackend,
  type Tensor,
  tensor,
  fit as train,
  trainer,
  wasmBackend,
} from '../../../src/index';

const n = 10;
const data = {
  x: tensor(
    Array.from({ length: n }, (_, i) => [i, i + 0.5]),
    { dtype: 'float32' },
  ),
  y: Int32Array.from({ length: n }, (_, i) => 100 + i),
};
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const ids = (batch: Batch<typeof data>): number[] => numbers(batch.y).map((y) => y - 100);
const shuffle = random.key(3);

describe('batches', () => {
  it('has all rows once, in order, of the same dtypes, the last batch smaller', () => {
    const all = [...batches(data, { size: 4 })];
    expect(all.map(({ x, y }) => [x.shape, x.dtype, y.shape, y.dtype])).toEqual([
      [[4, 2], 'float32', [4], 'int32'],
      [[4, 2], 'float32', [4], 'int32'],
      [[2, 2], 'float32', [2], 'int32'],
    ]);
    expect(all.flatMap(ids)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(all.flatMap(({ x }) => numbers(x))).toEqual(numbers(data.x));
  });

  it('can leave the rest of each epoch out', () => {
    const all = [...batches(data, { size: 4, dropLast: true, epochs: 2 })];
    expect(all.map(ids)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
  });

  it('shuffles the rows of all columns together, each epoch by a key of its own', () => {
    const epochs = Array.from({ length: 3 }, (_, epoch) => {
      const all = [...batches(data, { size: 5, shuffle, epochs: 3 })].slice(2 * epoch, 2 * epoch + 2);
      for (const batch of all) {
        expect(numbers(batch.x).filter((_, i) => i % 2 === 0)).toEqual(ids(batch));
      }
      return all.flatMap(ids);
    });
    for (const [epoch, order] of epochs.entries()) {
      expect(order).toEqual(numbers(random.permutation(random.fold(shuffle, epoch), n)));
    }
    expect(new Set(epochs.map(String)).size).toBe(3);
  });

  it.each([{ dropLast: false }, { dropLast: true }])('goes on at any batch exactly: %o', (options) => {
    const all = { size: 4, shuffle, epochs: 3, ...options };
    const whole = [...batches(data, all)].map(ids);
    const iterator = batches(data, all);
    for (let done = 0; done <= whole.length; done++) {
      const from: BatchesState = JSON.parse(JSON.stringify(iterator.state));
      expect([...batches(data, { ...all, from })].map(ids)).toEqual(whole.slice(done));
      expect(iterator.next().done).toBe(done === whole.length);
    }
  });

  it('counts the examples that it has given, so that another size goes on after them', () => {
    const first = batches(data, { size: 4, shuffle });
    expect(first.state).toEqual({ epoch: 0, index: 0 });
    const head = ids(first.next().value as Batch<typeof data>);
    expect(first.state).toEqual({ epoch: 0, index: 4 });
    const tail = [...batches(data, { size: 3, shuffle, from: first.state })].map(ids);
    expect(tail.map(({ length }) => length)).toEqual([3, 3]);
    expect([...head, ...tail.flat()]).toEqual([...batches(data, { size: n, shuffle })].flatMap(ids));
    expect([...first].length).toBe(2);
    expect(first.state).toEqual({ epoch: 1, index: 0 });
  });

  it('a loop that was left goes on, and Infinity never ends', () => {
    const endless = batches(data, { size: 4, epochs: Infinity });
    for (const _ of endless) if (endless.state.epoch === 5) break;
    expect(endless.state).toEqual({ epoch: 5, index: 0 });
    for (const batch of endless) {
      expect(ids(batch)).toEqual([0, 1, 2, 3]);
      break;
    }
    expect(endless.state).toEqual({ epoch: 5, index: 4 });
  });

  it('makes a batch when it is asked for, in the scope that is open then', () => {
    const iterator = batches(data, { size: 4 });
    let gone: Batch<typeof data> | undefined;
    scope(() => {
      gone = iterator.next().value;
    });
    expect(() => gone?.x.dataSync()).toThrow(/scope\/freed/);
    const batch = iterator.next().value as Batch<typeof data>;
    expect(ids(batch)).toEqual([4, 5, 6, 7]); // not freed
  });

  it('keeps what it was given, whatever is written later, and takes numbers as a tensor does', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const iterator = batches({ bytes, nested: [[1], [2], [3]], real: Float64Array.of(0.5, 1, 2) }, { size: 3 });
    bytes.fill(9);
    const { value } = iterator.next();
    expect(value && [numbers(value.bytes), value.bytes.dtype]).toEqual([[1, 2, 3], 'int32']);
    expect(value && [value.nested.shape, value.nested.dtype, value.real.dtype]).toEqual([[3, 1], 'float32', 'float32']);
  });

  it('refuses columns of different lengths, no examples, and the state of other data', () => {
    expect(() => batches({ x: [1, 2], y: [1] }, { size: 1 })).toThrow(/batches\/data.*\[2, 1\]/);
    expect(() => batches({}, { size: 1 })).toThrow(/batches\/data/);
    expect(() => batches({ x: new Float32Array(0) }, { size: 1 })).toThrow(/batches\/data/);
    expect(() => batches({ x: tensor(1) }, { size: 1 })).toThrow(/batches\/data/);
    expect(() => batches(data, { size: 11, dropLast: true })).toThrow(/batches\/data/);
    expect(() => batches(data, { size: 2, from: { epoch: 0, index: 11 } })).toThrow(/batches\/from/);
    expect(() => batches(data, { size: 2, from: { epoch: 0, index: -1 } })).toThrow(/options\/type/);
    expect(() => batches(data, { size: 2, epochs: 0 })).toThrow(/epochs = 0/);
  });
});

it('a checkpoint carries the position: a resumed training takes the same steps to the bit', async () => {
  const begin = (from?: BatchesState, resume?: { state: unknown; steps: number }) => {
    const model = new Linear(2, 1, { key: random.key(1) });
    const loss = ({ x, y }: Batch<typeof data>): Tensor =>
      mseLoss(model.forward(x), y.cast('float32').reshape([-1, 1]));
    const transform = adam({ learningRate: 0.01 });
    const training = trainer({ model, transform, loss, seed: 0, resume: resume as { state: never; steps: number } });
    return { model, training, passes: batches(data, { size: 4, shuffle, epochs: 3, from }) };
  };
  const whole = begin();
  for (const batch of whole.passes) whole.training.step(batch);

  const first = begin();
  for (const batch of first.passes) {
    first.training.step(batch);
    if (first.training.steps === 5) break;
  }
  const files = await encodeCheckpoint({
    parameters: first.model.parameters(),
    state: first.training.state,
    steps: first.training.steps,
    position: first.passes.state,
  });

  const { parameters, state, steps, position } = decodeCheckpoint(files);
  const second = begin(position as BatchesState, { state, steps });
  second.model.load(parameters);
  for (const batch of second.passes) second.training.step(batch);
  expect(second.training.steps).toBe(9);
  expect(numbers(second.model.weight)).toEqual(numbers(whole.model.weight));
});

it('fit goes on after a checkpoint without drawing what came before again', async () => {
  const begin = (steps: number, resume?: Checkpoint) => {
    const model = new Linear(2, 1, { key: random.key(7) });
    const passes = batches(data, { size: 4, shuffle, epochs: Infinity });
    const loss = ({ x, y }: Batch<typeof data>): Tensor =>
      mseLoss(model.forward(x), y.cast('float32').reshape([-1, 1]));
    const options = { model, transform: adam({ learningRate: 0.01 }), loss, data: passes, steps };
    return { passes, running: train({ ...options, ...(resume && { resume }) }) };
  };
  const whole = await begin(8).running;
  const first = begin(5);
  const checkpoint = decodeCheckpoint(await encodeCheckpoint((await first.running).checkpoint()));
  expect(first.passes.state).toEqual({ epoch: 1, index: 8 });
  const second = begin(8, checkpoint);
  expect((await second.running).losses).toEqual(whole.losses.slice(5));
  expect(second.passes.state).toEqual({ epoch: 2, index: 8 });
});

it('arrays do not go through the backend, which may not be readable at once', () => {
  const cannot = (): never => {
    throw new Error('asked');
  };
  setBackend({ ...referenceBackend(), readSync: cannot });
  try {
    const { value } = batches({ x: [[1, 2]], y: Int32Array.of(3) }, { size: 1 }).next();
    expect(value?.x.shape).toEqual([1, 2]);
  } finally {
    setBackend(wasmBackend());
  }
});
