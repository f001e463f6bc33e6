import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accumulate,
  adafactor,
  adam,
  adamw,
  add,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  div,
  explain,
  flora,
  floraAccumulate,
  type GradientTransform,
  lion,
  masked,
  type Params,
  partition,
  random,
  rmsprop,
  scale,
  schedules,
  sgd,
  type Tensor,
  tensor,
} from '../../src/index';

const learningRate = schedules.warmupCosine({ peak: 0.1, warmup: 2, steps: 9, to: 0.01 });

/** Every optimizer of the library, with a schedule, and two that are put together. */
const optimizers: [string, () => GradientTransform<unknown>][] = [
  ['sgd', () => sgd({ learningRate, momentum: 0.9, nesterov: true, weightDecay: 0.1 })],
  ['adam', () => adam({ learningRate })],
  ['adamw', () => adamw({ learningRate })],
  ['adafactor', () => adafactor({ learningRate, momentum: 0.9, weightDecay: 0.1 })],
  ['rmsprop', () => rmsprop({ learningRate, momentum: 0.9, centered: true })],
  ['lion', () => lion({ learningRate })],
  ['flora', () => flora({ learningRate, rank: 2, refreshEvery: 2, seed: 1 })],
  ['flora-opt', () => flora({ learningRate, rank: 2, refreshEvery: 2, ordering: 'flora-opt', seed: 1 })],
  ['clipped adam', () => chain(clipByGlobalNorm(1), adam({ learningRate }))],
  [
    'a partition',
    () =>
      partition({ table: sgd({ learningRate }), rest: adamw({ learningRate }) }, (path) =>
        path === 'table' ? 'table' : 'rest',
      ),
  ],
];

const shapes = { weight: [4, 5], table: [7, 3], bias: [5], gain: [] };

const leaves = (seed: number, purpose: string, step = 0): Params =>
  Object.fromEntries(
    Object.entries(shapes).map(([path, shape]) => [
      path,
      random.normal(random.fold(random.key(seed), purpose, path, step), shape),
    ]),
  );

const fresh = (params: Params): Params =>
  Object.fromEntries(
    Object.entries(params).map(([path, x]) => [path, tensor(x.dataSync(), { shape: x.shape as number[] })]),
  );

/** The weights after these gradients. */
function train(transform: GradientTransform<unknown>, start: Params, gradients: readonly Params[]): Params {
  const params = fresh(start);
  let state = transform.init(params);
  for (const grads of gradients) {
    const [updates, next] = transform.update(grads, state, params);
    state = next;
    applyUpdates(params, updates);
  }
  return params;
}

const bits = (params: Params): Record<string, number[]> =>
  Object.fromEntries(Object.entries(params).map(([path, x]) => [path, Array.from(x.dataSync())]));

/** Sum in order, then divide: the mean in the arithmetic of `accumulate`, so that equality can be exact. */
const meanOf = (gradients: readonly Params[]): Params =>
  Object.fromEntries(
    Object.keys(shapes).map((path) => {
      const sum = gradients.map((grads) => grads[path] as Tensor).reduce((a, b) => add(a, b));
      return [path, div(sum, gradients.length)];
    }),
  );

describe.each(optimizers)('%s', (_, make) => {
  it('k micro-batches and a step are one step on the mean gradient, bit for bit, with one tick of the schedule', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(), (k, seed) => {
        const cycles = 4;
        const micro = Array.from({ length: k * cycles }, (_, step) => leaves(seed, 'gradient', step));
        const means = Array.from({ length: cycles }, (_, cycle) => meanOf(micro.slice(cycle * k, (cycle + 1) * k)));
        const start = leaves(seed, 'weights');
        expect(bits(train(accumulate(k, make()), start, micro))).toEqual(bits(train(make(), start, means)));
      }),
      { numRuns: 10 },
    );
  });

  it('has moved every parameter after its first steps, or explains why not', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const start = leaves(seed, 'weights');
        // Two gradients: the learning rate of the warm-up is 0 at the first.
        const after = train(make(), start, [leaves(seed, 'gradient', 0), leaves(seed, 'gradient', 1)]);
        const [before, now] = [bits(start), bits(after)];
        for (const { path, reason } of explain(make(), start)) {
          const moved = before[path]?.some((x, i) => x !== now[path]?.[i]);
          expect(moved || /never updated/.test(reason), `${path}: ${reason}`).toBe(true);
        }
      }),
      { numRuns: 10 },
    );
  });
});

describe('what does not move', () => {
  const start = leaves(0, 'weights');
  const frozenPaths = (transform: GradientTransform<unknown>): string[] =>
    explain(transform, start)
      .filter(({ reason }) => /never updated/.test(reason))
      .map(({ path }) => path);
  const stillPaths = (transform: GradientTransform<unknown>): string[] => {
    const [before, now] = [bits(start), bits(train(transform, start, [leaves(0, 'gradient')]))];
    return Object.keys(shapes).filter((path) => before[path]?.every((x, i) => x === now[path]?.[i]));
  };

  it.each<[string, GradientTransform<unknown>, string[]]>([
    ['a frozen label', partition({ frozen: scale(0), rest: sgd({ learningRate: 1 }) }, freeze), ['table']],
    ['a mask of zeros behind an optimizer', chain(sgd({ learningRate: 1 }), masked(scale(0), isTable)), ['table']],
    ['nothing at all', sgd({ learningRate: 0 }), Object.keys(shapes)],
    ['floraAccumulate', floraAccumulate({ steps: 1, rank: 2, inner: sgd({ learningRate: 1 }) }), []],
  ])('%s is explained', (_, transform, paths) => {
    expect(stillPaths(transform)).toEqual(paths);
    expect(frozenPaths(transform)).toEqual(paths);
  });
});

function isTable(path: string): boolean {
  return path === 'table';
}

function freeze(path: string): 'frozen' | 'rest' {
  return isTable(path) ? 'frozen' : 'rest';
}
