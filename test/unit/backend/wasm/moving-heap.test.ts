import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grain } from '../../../../src/backend/wasm/device';
import type { TypedArray } from '../../../../src/base/dtype';
import {
  backend,
  crossEntropy,
  type FullBackend,
  flora,
  GPT,
  random,
  setBackend,
  tensor,
  trainer,
  wasmBackend,
} from '../../../../src/index';
import { wholes } from '../../../../src/laws/arbitraries';
import { expectSameBits } from '../../../../src/laws/close';
import { type Ints, type Program, programs, results } from '../../../support/backend-programs';
import { deviceOf, moving } from '../../../support/moving-heap';

// Every allocation moves every block: code that keeps an address over one computes with NaN.

const usual = { ...grain };
const [still, restless, onThreads] = [wasmBackend(), moving(wasmBackend()), moving(wasmBackend())];
beforeAll(async () => {
  grain.least = 0; // every operation that can be split is
  await onThreads.setThreads?.(3);
});
afterAll(async () => {
  grain.least = usual.least;
  await onThreads.setThreads?.(1);
});

describe('where every allocation moves every block', () => {
  for (const [name, program] of Object.entries(programs)) {
    it(`${name}: the same bits, on 1 and on 3 threads`, () => {
      const ints: Ints = [33, 13, 5, 2];
      const right = results(still, program, ints);
      for (const on of [restless, onThreads]) {
        results(on, program, ints).forEach((values, i) => {
          expectSameBits(values, right[i] as TypedArray);
        });
        expect(on.memory().tensors).toBe(0);
      }
    });
  }

  it('training: the same losses and parameters', async () => {
    const home = backend();
    const train = async (on: FullBackend): Promise<TypedArray[]> => {
      setBackend(on);
      const model = new GPT({ vocabularySize: 11, context: 8, width: 8, heads: 2, layers: 1, key: random.key(3) });
      const ids = (seed: number) => tensor(wholes(seed, 2 * 8, 11), { shape: [2, 8] });
      const training = trainer({
        model,
        transform: flora({ learningRate: 0.05, rank: 2, refreshEvery: 2, beta: 0.9 }),
        loss: (step: number) => crossEntropy(model.forward(ids(step)), ids(step + 50)),
        seed: 0,
      });
      for (let step = 0; step < 3; step++) await training.step(step).loss;
      return Object.values(model.parameters()).map((leaf) => leaf.dataSync());
    };
    const right = await train(wasmBackend());
    const found = await train(moving(wasmBackend()));
    setBackend(home);
    expect(found).toEqual(right);
  });
});

describe('an address', () => {
  const sum: Program = (on, { floats }) => on.reduce('sum', floats(50), [1, 50, 1]);

  it('that outlives an allocation is of something else', () => {
    const on = moving(wasmBackend());
    const { heap } = deviceOf(on);
    const x = on.random('normal', [1, 2], [100]);
    const address = deviceOf(on).run((_, at) => at(x));
    const values = heap.floats.slice(address / 4, address / 4 + 100);
    expect(values).toEqual(on.readSync(x));
    heap.make('float32', 1);
    expect(heap.floats.slice(address / 4, address / 4 + 100)).not.toEqual(values);
    expect(on.readSync(x)).toEqual(values);
  });
  it('is given only while nothing can move, and nothing can get room then', () => {
    const on = wasmBackend();
    const device = deviceOf(on);
    const x = on.random('normal', [1, 2], [100]);
    const at = device.run((_, given) => given);
    expect(() => at(x)).toThrow('or may move');
    expect(() => device.run(() => device.heap.make('float32', 1))).toThrow('would have moved them');
    const ranges = () => device.spread(1, 1, 0, () => void device.heap.need(on.fromHost(Float32Array.of(1))));
    expect(ranges).toThrow('would have moved them');
    expect(() => device.run((_, given) => given(on.fromHost(Float32Array.of(1))))).toThrow('not on the device');
    expect(results(on, sum, [1, 1, 1, 3])).toEqual(results(still, sum, [1, 1, 1, 3])); // and it works on
  });
});
