import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Backend } from '../../../src/backend/contract';
import { referenceBackend } from '../../../src/backend/reference/backend';
import { wasmBackend } from '../../../src/backend/wasm/backend';
import {
  adam,
  backend,
  type GradientTransform,
  mul,
  ones,
  type Params,
  random,
  scaleByAdam,
  scaleByFactoredRms,
  scaleByLion,
  scaleByRms,
  setBackend,
  sum,
  trainer,
} from '../../../src/index';
import { formulasOnly } from '../../../src/laws/op/formulas-only';

const home = backend();
afterAll(() => setBackend(home));

const steps = 4;
/** Half a unit in the last place of float32, relative to the number. */
const unit = 2 ** -24;

/** All numbers of the updates and states of some steps, by path. */
function numbersOf<S>(on: Backend, transform: GradientTransform<S>): Record<string, Float32Array> {
  setBackend(on);
  const shapes = { matrix: [37, 21], vector: [5] };
  const draw = (step: number): Params =>
    Object.fromEntries(
      Object.entries(shapes).map(([path, shape]) => [path, random.normal(random.fold(random.key(step), path), shape)]),
    );
  const params = draw(0);
  let state = transform.init(params);
  const found: Record<string, Float32Array> = {};
  for (let step = 1; step <= steps; step++) {
    const [updates, next] = transform.update(draw(step), state, params);
    state = next;
    const records = { update: updates, ...(next as Record<string, unknown>) };
    for (const [name, record] of Object.entries(records)) {
      if (typeof record !== 'object') continue;
      for (const [path, leaf] of Object.entries(record as Params)) {
        found[`${step} ${name} ${path}`] = leaf.dataSync() as Float32Array;
      }
    }
  }
  setBackend(home);
  return found;
}

function both(on: Backend, transform: GradientTransform<unknown>) {
  return [numbersOf(on, transform), numbersOf(formulasOnly(on), transform)] as const;
}

/** Index of the first number that differs by more than `roundings` roundings of the largest one; −1: none. */
function farApart(kernels: Float32Array, formulas: Float32Array, roundings: number): number {
  const bound = roundings * unit * kernels.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return kernels.findIndex((x, i) => !(Math.abs(x - (formulas[i] as number)) <= bound));
}

describe('a transform is its formula, whichever form runs', () => {
  const elementwise: Record<string, GradientTransform<unknown>> = {
    scaleByAdam: scaleByAdam(),
    scaleByRms: scaleByRms(),
    'scaleByRms, centred': scaleByRms({ centered: true }),
    scaleByLion: scaleByLion(),
  };
  for (const [name, transform] of Object.entries(elementwise)) {
    it(`${name}: bit for bit on wasm`, () => {
      const [kernels, formulas] = both(wasmBackend(), transform);
      expect(Object.keys(kernels).length).toBeGreaterThanOrEqual(4 * steps);
      expect(formulas).toEqual(kernels);
    });
  }

  // The kernels of the reference round once. In every step the formula of a moving mean rounds a weight, a product, a
  // square and a sum, none of which is larger than the largest number so far; an update takes six operations more.
  for (const [name, transform] of [
    ['scaleByAdam', scaleByAdam()],
    ['scaleByRms', scaleByRms()],
    ['scaleByLion', scaleByLion()],
  ] as const) {
    it(`${name}: within the roundings of its formula on reference`, () => {
      const [kernels, formulas] = both(referenceBackend(), transform as GradientTransform<unknown>);
      for (const [path, numbers] of Object.entries(kernels)) {
        expect(farApart(numbers, formulas[path] as Float32Array, 4 * steps + 6), path).toBe(-1);
      }
    });
  }

  // Sums of at most 37 squares in another order, and then the same.
  for (const on of [wasmBackend(), referenceBackend()]) {
    it(`scaleByFactoredRms: within the roundings of its formula on ${on.name}`, () => {
      const [kernels, formulas] = both(on, scaleByFactoredRms() as GradientTransform<unknown>);
      for (const [path, numbers] of Object.entries(kernels)) {
        expect(farApart(numbers, formulas[path] as Float32Array, 37 + 4 * steps + 6), path).toBe(-1);
      }
    });
  }
});

describe('an accelerator gets', () => {
  /** How many leaves each call of `adam` had in a step of a trainer with two parameters. */
  function leavesOfCalls(batchesUpdates: boolean): number[] {
    const on = Object.assign(referenceBackend(), { batchesUpdates });
    const calls = vi.spyOn(on, 'adam');
    setBackend(on);
    const params = { a: ones([2]), b: ones([3]) };
    const loss = () => sum(mul(sum(params.a), sum(params.b)));
    trainer({ params, transform: adam({ learningRate: 0.1 }), loss, seed: 0 }).step(null);
    setBackend(home);
    return calls.mock.calls.map(([leaves]) => leaves.length);
  }
  it('one leaf as soon as its gradient is complete, by default', () => {
    expect(leavesOfCalls(false)).toEqual([1, 1]);
  });
  it('all leaves at once where the backend batches updates', () => {
    expect(leavesOfCalls(true)).toEqual([2]);
  });
});
