import { describe, expect, it } from 'vitest';
import {
  accumulate,
  add,
  addDecayedWeights,
  chain,
  clipByGlobalNorm,
  compress,
  ema,
  floraAccumulate,
  type GradientTransform,
  mul,
  type Params,
  projectors,
  scale,
  scaleByAdam,
  sum,
  type Tensor,
  transform,
  zeros,
} from '../../src/index';
import { type TransformLaw, transformLaws } from '../../src/laws';
import { allLaws } from '../../src/laws/transform/all';
import { checkTransform } from '../../src/study';
import { assign } from '../../src/tensor/assign';

const map = (leaves: Params, f: (leaf: Tensor, path: string) => Tensor): Params =>
  Object.fromEntries(Object.entries(leaves).map(([path, leaf]) => [path, f(leaf, path)]));

/** A decaying sum, right in everything; each mutant below gets one thing wrong. */
const right = transform<{ sum: Params }>({
  name: 'right',
  linear: true,
  init: (params) => ({ sum: map(params, (x) => zeros(x.shape)) }),
  update(grads, state) {
    const sum = map(grads, (g, path) => add(mul(state.sum[path] as Tensor, 0.5), g));
    return [sum, { sum: { ...state.sum, ...sum } }];
  },
});

const mutants: [string, TransformLaw, () => GradientTransform<unknown>][] = [];

function mutant<S>(name: string, law: TransformLaw, make: () => GradientTransform<S>): void {
  mutants.push([name, law, make]);
}

mutant('init that returns nothing', 'form', () => ({ ...right, init: () => undefined as never }));
mutant('async init', 'form', () => ({ ...right, init: (async () => ({ sum: {} })) as never }));
mutant('update that throws', 'form', () => ({
  ...right,
  update: () => {
    throw new Error('oh no');
  },
}));
mutant('update that returns updates alone', 'form', () => ({ ...right, update: ((grads: Params) => grads) as never }));
mutant('updates in another shape', 'form', () => ({
  ...right,
  update: (grads, state) => [map(grads, (g) => g.unsqueeze(0)), state],
}));
mutant('an update for something else', 'form', () => ({
  ...right,
  update: (grads, state) => [{ ...grads, elsewhere: zeros([1]) }, state],
}));
mutant('no update at all', 'form', () => ({ ...right, update: (_, state) => [{}, state] }));
mutant('writes to the parameters', 'harmless', () => ({
  ...right,
  update(grads, state, params) {
    for (const parameter of Object.values(params)) assign(parameter, mul(parameter, 2));
    return right.update(grads, state, params);
  },
}));
mutant('writes into its old state', 'harmless', () => ({
  ...right,
  init: (params) => ({ ...right.init(params), step: 0 }),
  update(grads, state: { sum: Params; step?: number }, params) {
    state.step = (state.step ?? 0) + 1;
    const [updates, { sum }] = right.update(grads, state, params);
    return [updates, { sum, step: state.step }];
  },
}));
mutant('takes its noise from nowhere', 'repeatable', () => ({
  ...right,
  update: (grads, state) => [map(grads, (g) => mul(g, Math.random())), state],
}));
mutant('counts steps in a closure', 'repeatable', () => {
  let step = 0;
  return { ...right, update: (grads, state) => [map(grads, (g) => mul(g, ++step)), state] };
});
mutant('remembers the last gradients', 'noMemory', () => {
  let last: Params | null = null;
  return {
    ...right,
    linear: false,
    init: (params) => ({ ...right.init(params), first: true }),
    update(grads, state: { sum: Params; first?: boolean }, params) {
      if (state.first || !last) last = map(grads, (g) => mul(g, 1)); // forgets at the start of a run, so it repeats
      const kept = last;
      return [
        map(grads, (g, path) => (kept[path] ? add(g, kept[path]) : g)),
        { ...right.update(grads, state, params)[1], first: false },
      ];
    },
  };
});
mutant('a history that grows', 'structure', () =>
  transform<readonly Params[]>({
    init: () => [],
    update: (grads, state) => [grads, [...state, map(grads, (g) => mul(g, 1))]],
  }),
);
mutant('zeros for an absent leaf', 'absentLeaf', () => ({
  ...right,
  update(grads, state, params) {
    const [updates, next] = right.update(grads, state, params);
    return [Object.keys(grads).length === 0 ? {} : { ...map(params, (x) => zeros(x.shape)), ...updates }, next];
  },
}));
mutant('forgets an absent leaf', 'absentLeaf', () => ({
  ...right,
  update(grads, state, params) {
    const [updates, { sum }] = right.update(grads, state, params);
    const here = (path: string): boolean => Object.hasOwn(grads, path);
    const none = Object.keys(grads).length === 0;
    return [updates, none ? state : { sum: map(sum, (x, path) => (here(path) ? x : mul(x, 0.5))) }];
  },
}));
mutant('counts a step without gradients', 'noLeaf', () => ({
  init: () => ({ step: 0 }),
  update: (grads: Params, { step }: { step: number }) => [grads, { step: step + 1 }],
}));
mutant('looks paths up in what records inherit', 'everyPath', () => ({
  ...right,
  update(grads, state, params) {
    const done: Record<string, Tensor> = {};
    const first = Object.fromEntries(Object.entries(grads).filter(([path]) => !(path in done)));
    return right.update(first, state, params);
  },
}));
mutant('writes paths into a bare object', 'everyPath', () =>
  transform<readonly []>({
    init: () => [],
    update(grads, state) {
      const updates: Record<string, Tensor> = {};
      for (const [path, g] of Object.entries(grads)) updates[path] = mul(g, 2);
      return [updates, state];
    },
  }),
);
mutant('leaves its temporaries', 'temporaries', () => ({
  init: () => [] as const,
  update: (grads: Params, state: readonly []) => [map(grads, (g) => mul(mul(g, 2), 3)), state],
}));
mutant('a Map as state', 'plainData', () => ({
  ...transform<Map<string, number>>({ init: () => new Map(), update: (grads, state) => [grads, new Map(state)] }),
}));
mutant('a number that JSON cannot hold', 'plainData', () =>
  transform<{ best: number }>({ init: () => ({ best: Infinity }), update: (grads, state) => [grads, { ...state }] }),
);
const known = new WeakSet<object>();
mutant('reads the identity of its state', 'resumable', () => {
  return {
    ...right,
    init(params) {
      const state = right.init(params);
      known.add(state);
      return state;
    },
    update(grads, state, params) {
      const [updates, next] = right.update(grads, state, params);
      known.add(next);
      return [known.has(state) ? updates : grads, next];
    },
  };
});
mutant('a nonlinearity', 'linear', () => ({ ...scaleByAdam(), linear: true }));
mutant('an offset', 'linear', () => ({ ...chain(right, addDecayedWeights(1e-3)), linear: true }));

mutant('a norm of the whole record, one leaf at a time', 'leafwise', () => ({
  ...clipByGlobalNorm(1),
  leafwise: true,
}));
mutant('looks at other parameters, one leaf at a time', 'leafwise', () => ({
  ...transform<readonly []>({
    init: () => [],
    update: (grads, state, params) => [
      map(grads, (g) =>
        add(
          g,
          Object.values(params).reduce((total, x) => add(total, sum(x)), zeros([])),
        ),
      ),
      state,
    ],
  }),
  leafwise: true,
}));
mutant('counts leaves as steps, one leaf at a time', 'leafwise', () => ({
  ...transform<{ seen: number }>({
    init: () => ({ seen: 0 }),
    update: (grads, { seen }) => [map(grads, (g) => mul(g, 2)), { seen: seen + Object.keys(grads).length }],
  }),
  leafwise: true,
}));
mutant('accumulates, one leaf at a time', 'leafwise', () => ({ ...accumulate(2, scale(-1)), leafwise: true }));

describe('the laws convict', () => {
  it.each(mutants)('%s', async (_, law, make) => {
    const [named] = transformLaws(make, { except: exceptAllBut(law) });
    await expect(named?.holds()).rejects.toThrow();
  });

  it('and acquit what is right', async () => {
    for (const { holds } of transformLaws(right)) await holds();
  });
});

describe('checkTransform convicts', () => {
  it.each(mutants)('%s', async (_, law, make) => {
    const report = await checkTransform(make);
    expect(report.passed).toBe(false);
    expect(report.verdicts.filter(({ passed }) => !passed).map(({ check }) => check)).toContain(allLaws[law].name);
  });

  it('one thing where one thing is wrong', async () => {
    const alone: TransformLaw[] = [
      'structure',
      'absentLeaf',
      'noLeaf',
      'everyPath',
      'temporaries',
      'linear',
      'leafwise',
    ];
    for (const [name, law, make] of mutants.filter(([, law]) => alone.includes(law))) {
      const { verdicts } = await checkTransform(make);
      const failed = verdicts.filter(({ passed }) => !passed).map(({ check }) => check);
      expect(failed, name).toEqual([allLaws[law].name]);
    }
  });

  it('and acquits what is right', async () => {
    expect((await checkTransform(() => right)).assert().passed).toBe(true);
  });
});

describe('messages name the call that went wrong', () => {
  const messageOf = async (make: () => GradientTransform<unknown>): Promise<string> =>
    (await checkTransform(make)).verdicts.find(({ passed }) => !passed)?.message ?? '';

  it.each([
    ['init that returns nothing', /init of the transform returned undefined as state/],
    ['async init', /init of the transform returned a promise as state/],
    ['update that throws', /threw in update, given gradients of "parameters.0" \[16, 12\].*: oh no/],
    ['update that returns updates alone', /update of the transform returned a object; expected the pair/],
    ['updates in another shape', /an update \[1, 16, 12\] of float32 for "parameters.0"; expected \[16, 12\]/],
    ['an update for something else', /an update for "elsewhere"; expected only "parameters.0"/],
    ['no update at all', /no update for 64 gradients in a row/],
    ['leaves its temporaries', /leaves \d+ tensors behind; wrap the definition in transform/],
    ['a Map as state', /state is a Map/],
  ])('%s', async (name, message) => {
    const make = mutants.find(([known]) => known === name)?.[2] as () => GradientTransform<unknown>;
    expect(await messageOf(make)).toMatch(message);
  });

  it('a transform that cannot be made, or is none', async () => {
    const broken = (): never => {
      throw new Error('no such option');
    };
    expect(await messageOf(broken)).toMatch(/could not be made: no such option/);
    expect(await messageOf((() => ({})) as never)).toMatch(/without init or update/);
  });
});

describe('the mean over seeds', () => {
  const momentum = (seed: number, gain = 1) => {
    const inner = ema({ decay: 0.9 });
    const onRefresh = 'transfer';
    const { gaussian } = projectors;
    return chain(compress({ projector: gaussian, rank: 4, inner, refreshEvery: 2, onRefresh, seed }), scale(gain));
  };
  const expected = () => ema({ decay: 0.9 });
  const options = { expected, effect: 0.5, steps: 3, shapes: [[12, 8], [4]] };
  const meansOf = async (make: (seed: number) => GradientTransform<unknown>) =>
    (await checkTransform(make, options)).verdicts.filter(({ check }) => check.startsWith('mean'));

  it('acquits compressed momentum, and says that its level is approximate', async () => {
    const verdicts = await meansOf((seed) => momentum(seed));
    expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
    expect(verdicts).toHaveLength(6);
    expect(verdicts[0]?.message).toMatch(/approximate/);
    expect(verdicts[0]?.draws).toBeGreaterThan(332);
  });

  it('acquits an accumulation of compressed gradients', async () => {
    const make = (seed: number) => floraAccumulate({ steps: 2, rank: 4, seed, inner: scale(-1) });
    const report = await checkTransform(make, { ...options, steps: 4, expected: () => accumulate(2, scale(-1)) });
    expect(report.assert().verdicts.filter(({ draws }) => draws > 0)).toHaveLength(6);
  });

  it.each([0.5, 1.5])('sees a gain of %s', async (gain) => {
    const verdicts = await meansOf((seed) => momentum(seed, gain));
    const failed = verdicts.filter(({ passed }) => !passed).map(({ check, shape }) => [check, shape]);
    expect(failed).toContainEqual(['mean along the expected updates', [12, 8]]);
    expect(failed).toContainEqual(['mean along the expected updates', [4]]);
  });

  it('sees a momentum that is lost at a refresh', async () => {
    const lossy = (seed: number) =>
      compress({
        projector: projectors.gaussian,
        rank: 4,
        inner: ema({ decay: 0.9 }),
        refreshEvery: 2,
        onRefresh: 'reset',
        seed,
      });
    const failed = (await meansOf(lossy)).filter(({ passed }) => !passed).map(({ check }) => check);
    expect(failed).toContain('mean along the last expected update');
  });

  it('asks whether make uses its seed', async () => {
    const [verdict] = await meansOf(() => momentum(7));
    expect(verdict?.message).toMatch(/every seed gives the same update: does make use its seed/);
  });

  it('is not made where there is nothing to compare, or too much to draw', async () => {
    const check = (more: object) => checkTransform((seed) => momentum(seed), { ...options, ...more });
    await expect(check({ expected: () => accumulate(9, scale(1)) })).rejects.toThrow(
      /steps = 3, in which the expected transform returns no update/,
    );
    await expect(check({ effect: 1e-3 })).rejects.toThrow(/study\/draws.*to see a bias of 0.001/);
    await expect(check({ effekt: 1 })).rejects.toThrow(/options\/unknown.*"effekt"/);
    await expect(check({ shapes: [] })).rejects.toThrow(/no shapes/);
  });

  it('blames neither transform for the other', async () => {
    const broken = (): GradientTransform<unknown> => ({ ...right, init: () => undefined as never });
    await expect(checkTransform((seed) => momentum(seed), { ...options, expected: broken })).rejects.toThrow(
      /study\/contract.*init of the expected transform returned undefined/,
    );
    const slower = await checkTransform(() => accumulate(2, scale(1)), { ...options, expected: () => scale(1) });
    const withheld = slower.verdicts.at(-1);
    expect(withheld?.passed).toBe(false);
    expect(withheld?.message).toMatch(/gradient 0 gives "parameters.0" no update, and one in the expected transform/);
    const sometimes = (seed: number): GradientTransform<unknown> => (seed === 5 ? broken() : momentum(seed));
    const { verdicts } = await checkTransform(sometimes, options);
    expect(verdicts.at(-1)).toMatchObject({ check: 'keeps the form of the contract for every seed', passed: false });
  });
});

function exceptAllBut(law: TransformLaw): Partial<Record<TransformLaw, string>> {
  const others = Object.keys(allLaws).filter((name) => name !== law);
  return Object.fromEntries(others.map((name) => [name, 'another law is looked at']));
}
