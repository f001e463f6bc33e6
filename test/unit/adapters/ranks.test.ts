import { describe, expect, it } from 'vitest';
import {
  add,
  attachPeft,
  blockStates,
  compact,
  decodePeft,
  Embedding,
  encodePeft,
  type GoraRanksOptions,
  geLoraRanks,
  goraRanks,
  Linear,
  type LowRankAdapter,
  linalg,
  lora,
  lors,
  MLP,
  Module,
  mergeAdapters,
  mseLoss,
  mul,
  peftOf,
  periodicLora,
  placementScores,
  type RankPolicy,
  random,
  reallocateRanks,
  Sequential,
  sgd,
  sitesOf,
  sora,
  sum,
  type Tensor,
  tensor,
  trainer,
  twoNN,
  weLoreCounts,
  weLoreRanks,
} from '../../../src/index';
import { singularValues } from '../../support/singular-values';
import { expectNear, factorsOf, numbers, scatter, times } from './cases';

const key = random.key(0);
/** A model of which the weights are given, without biases. */
function of(...weights: readonly Tensor[]): Sequential {
  return new Sequential(
    weights.map((weight) => {
      const [outputs, inputs] = weight.shape as readonly [number, number];
      const layer = new Linear(inputs, outputs, { bias: false, key });
      layer.load({ weight });
      return layer;
    }),
  );
}
const sitesIn = (model: Module) =>
  sitesOf(model).map(({ path, layer: { weight } }) => ({ path, weight, shape: weight.shape }));
const diagonal = (values: number[], [rows, columns]: [number, number]): Tensor =>
  tensor(
    Array.from({ length: rows * columns }, (_, at) =>
      at % (columns + 1) === 0 ? (values[at / (columns + 1)] ?? 0) : 0,
    ),
    { shape: [rows, columns] },
  );

describe('a policy of ranks', () => {
  const mine = (ranks: RankPolicy['ranks']): RankPolicy => ({ name: 'mine', ranks });

  it('gives each layer its rank, and the scale is of the own rank', () => {
    const policy = mine((sites) => sites.map(({ path }) => ({ rank: path === 'layers.0' ? 2 : 4 })));
    const make = () => new MLP({ sizes: [6, 5, 4], key });
    expect(lora(make(), { rank: policy, alpha: 8 }).adapted.map(({ rank, scale }) => [rank, scale])).toEqual([
      [2, 4],
      [4, 2],
    ]);
    const stable = lora(make(), { rank: policy, alpha: 8, rankStabilized: true });
    expect(stable.adapted.map(({ scale }) => scale)).toEqual([8 / Math.sqrt(2), 4]);
    const own = mine((sites) => sites.map(({ path }) => (path === 'layers.0' ? { rank: 2, alpha: 1 } : { rank: 4 })));
    expect(lora(make(), { rank: own, alpha: 8 }).adapted.map(({ scale }) => scale)).toEqual([0.5, 2]);
  });

  it('of rank 0 gives none, with its reason in the report', () => {
    const reasons = ['no use', undefined];
    const policy = mine((sites) => sites.map((_, i) => ({ rank: i === 2 ? 3 : 0, reason: reasons[i] })));
    const model = new MLP({ sizes: [6, 5, 4, 3], key });
    const { adapted, untouched } = lora(model, { rank: policy });
    expect(adapted.map(({ path }) => path)).toEqual(['layers.2']);
    const found = untouched.filter(({ path }) => path.endsWith('weight')).map(({ reason }) => reason);
    expect(found).toEqual(['no use', 'rank 0 by mine']);
    expect(model.layers[0]?.lora).toBeNull();
  });

  it('is asked once, for the layers that match and can have one', () => {
    const seen: string[][] = [];
    const policy = mine((sites) => {
      seen.push(sites.map(({ path, shape }) => `${path} ${shape}`));
      return sites.map(() => ({ rank: 1 }));
    });
    const table = new Embedding(4, 6, { key });
    const model = new Sequential([table, new Linear(6, 5, { key }), new Linear(5, 4, { key })]);
    const { untouched } = lora(model, { rank: policy, match: (path) => path !== 'layers.2' });
    expect(seen).toEqual([['layers.0 4,6', 'layers.1 5,6']]);
    expect(untouched.find(({ path }) => path === 'layers.2.weight')?.reason).toBe('not matched');
    seen.length = 0;
    const plain = new Sequential([new Embedding(4, 6, { key }), new Linear(6, 5, { key })]);
    expect(lora(plain, { rank: policy }).untouched[0]?.reason).toMatch(/only a match chooses/);
    expect(seen).toEqual([['layers.1 5,6']]);
  });

  it('is one of periodicLora too, whose factors start anew with the rank of the layer', () => {
    const policy = mine((sites) => sites.map((_, i) => ({ rank: 2 - i })));
    const model = new MLP({ sizes: [4, 4, 4], key });
    const { transform } = periodicLora(model, { rank: policy, stageSteps: 1, inner: sgd({ learningRate: 0.1 }) });
    const loss = () =>
      model
        .forward(random.normal(key, [3, 4]))
        .square()
        .mean();
    const training = trainer({ model, transform, loss, seed: 0 });
    for (let step = 0; step < 2; step++) training.step(null);
    expect(model.layers.map(({ lora: adapter }) => (adapter as LowRankAdapter).rank)).toEqual([2, 1]);
  });

  it('makes adapters that PEFT files hold, each with its rank', async () => {
    const make = () => new MLP({ sizes: [6, 5, 4], key });
    const [model, other] = [make(), make()];
    lora(model, { rank: mine((sites) => sites.map((_, i) => ({ rank: i + 2 }))), alpha: 6 });
    scatter(model, key, /lora/);
    attachPeft(other, decodePeft(await encodePeft(peftOf(model))));
    const x = random.normal(key, [3, 6]);
    expect(numbers(other.forward(x))).toEqual(numbers(model.forward(x)));
  });

  it.each<[string, RankPolicy['ranks']]>([
    ['a number too few', () => [{ rank: 1 }]],
    ['half a component', (sites) => sites.map(() => ({ rank: 1.5 }))],
    ['less than none', (sites) => sites.map(() => ({ rank: -1 }))],
    ['numbers alone', (sites) => sites.map(() => 1) as never],
    ['an α that is no number', (sites) => sites.map(() => ({ rank: 1, alpha: Number.NaN }))],
    ['nothing', () => undefined as never],
  ])('is refused with %s', (_, ranks) => {
    const model = new MLP({ sizes: [6, 5, 4], key });
    expect(() => lora(model, { rank: mine(ranks) })).toThrow(expect.objectContaining({ code: 'ranks/choice' }));
    expect(model.layers.every(({ lora: adapter }) => adapter === null)).toBe(true);
  });

  it('that gives none to all is no match, and says why', () => {
    const model = new MLP({ sizes: [6, 5], key });
    const none = mine((sites) => sites.map(() => ({ rank: 0, reason: 'no use at all' })));
    expect(() => lora(model, { rank: none })).toThrow(/adapter\/no-match[\s\S]*no use at all/);
    expect(() => lora(model, { rank: { name: 'x' } as never })).toThrow(/policy of ranks/);
  });
});

// --- GeLoRA

/** Logarithms of the ratios of the distances to the two nearest, in plain numbers, by sorting all distances. */
function ratiosOf(points: readonly (readonly number[])[]): number[] {
  const distance = (p: readonly number[], q: readonly number[]): number => {
    let sum = 0;
    for (const [k, x] of p.entries()) sum += (x - (q[k] as number)) ** 2;
    return Math.sqrt(sum);
  };
  return points.map((p, i) => {
    const all = points.map((q) => distance(p, q));
    const [first, second] = all.filter((_, j) => j !== i).sort((a, b) => a - b) as [number, number];
    return Math.log(second / first);
  });
}

/** The slope over the lowest share of them, or the likelihood's estimate. */
function estimated(logs: readonly number[], share: number | null): number {
  if (share === null) return (logs.length - 1) / logs.reduce((sum, x) => sum + x, 0);
  const sorted = [...logs].sort((a, b) => a - b);
  let [xy, xx] = [0, 0];
  for (const [i, x] of sorted.slice(0, Math.floor(share * sorted.length)).entries()) {
    xy -= x * Math.log(1 - (i + 1) / sorted.length);
    xx += x * x;
  }
  return xy / xx;
}

describe('twoNN', () => {
  const cube = (d: number, count: number, wide: number): Tensor =>
    random.uniform(random.key(d), [count, d]).matmul(random.normal(random.key(100 + d), [d, wide]));
  const rowsOf = (t: Tensor): number[][] => {
    const [count, width] = t.shape as [number, number];
    const values = numbers(t);
    return Array.from({ length: count }, (_, i) => values.slice(i * width, (i + 1) * width));
  };

  it.each([
    // The text has 1.98, 4.7 and 6.8 for its own 1500 points; a likelihood of 400 has a relative deviation of 1/20, a regression on
    // nine tenths somewhat more. Six deviations and the bias of fewer points.
    [2, 1.98],
    [5, 4.6],
    [8, 6.5],
  ])('finds about the %i dimensions of a cube in 30, low by more the more there are', (d, about) => {
    const points = cube(d, 400, 30);
    const logs = ratiosOf(rowsOf(points));
    for (const method of ['regression', 'likelihood'] as const) {
      const found = twoNN(points, { method });
      expect(found).toBeGreaterThan(0.65 * about);
      expect(found).toBeLessThan(1.35 * about);
      expect(found).toBeCloseTo(estimated(logs, method === 'likelihood' ? null : 0.9), 8);
    }
    expect(twoNN(points, { share: 0.5 })).toBeCloseTo(estimated(logs, 0.5), 8);
  });

  it('counts a point once, and does not depend on order, place or size', () => {
    const points = rowsOf(cube(3, 60, 5));
    const made = (rows: number[][]): number => twoNN(tensor(rows.flat(), { shape: [rows.length, 5] }));
    const found = made(points);
    expect(made([...points, ...points.slice(0, 20), points[0] as number[]])).toBe(found);
    expect(made([...points].reverse())).toBeCloseTo(found, 10);
    expect(made(points.map((p) => p.map((x) => 4 * x)))).toBeCloseTo(found, 10);
  });

  it('takes ratios that are equal, but not all of them 1', () => {
    const line = tensor([0, 1, 3, 6, 10, 15, 21], { shape: [7, 1] });
    expect(twoNN(line)).toBeCloseTo(estimated(ratiosOf(rowsOf(line)), 0.9), 10);
    const even = tensor([0, 1, 1, 0, 0, 0, 1, 1], { shape: [4, 2] });
    expect(() => twoNN(even)).toThrow(/two-nn\/points.*same distance/s);
    expect(() => twoNN(tensor([1, 2, 1, 2, 3, 4], { shape: [3, 2] }))).toThrow(/two-nn\/points.*2 different/s);
    expect(() => twoNN(tensor([1, 2, 3]))).toThrow(/two-nn\/points/);
  });
});

/** Adds 1 to what its layer makes; it has no weight of its own. */
class Wrapped extends Module {
  constructor(readonly inner: Linear) {
    super();
  }
  forward(x: Tensor): Tensor {
    return add(this.inner.forward(x), 1);
  }
}

describe('blockStates', () => {
  it('has what modules got and returned, in rows of all passes, and leaves the model as it was', () => {
    const model = new Sequential([new Wrapped(new Linear(4, 6, { key })), new Linear(6, 3, { key })]);
    const [a, b] = [random.normal(random.key(1), [2, 3, 4]), random.normal(random.key(2), [5, 4])];
    const run = () => [a, b].map((x) => model.forward(x));
    const [y] = run();
    const states = blockStates(model, { blocks: ['layers.0', 'layers.1', 'layers.0.inner'], run });
    expect(states.map(({ path, before, after }) => [path, before.shape, after.shape])).toEqual([
      ['layers.0', [11, 4], [11, 6]],
      ['layers.1', [11, 6], [11, 3]],
      ['layers.0.inner', [11, 4], [11, 6]],
    ]);
    expect(numbers(states[0]?.before)).toEqual([...numbers(a), ...numbers(b)]);
    expect(numbers(states[1]?.after).slice(0, 18)).toEqual(numbers(y));
    expectNear(numbers(states[0]?.after), numbers(add(states[2]?.after as Tensor, 1)), 1);
    expect(Object.keys(model.layers[0] as object)).not.toContain('forward');
    expect(numbers(model.forward(a))).toEqual(numbers(y));
  });

  it('restores a forward that an object had of its own, also where run throws', () => {
    const layer = new Linear(2, 2, { key });
    const own = (x: Tensor): Tensor => x;
    layer.forward = own;
    const model = new Sequential([layer]);
    expect(() =>
      blockStates(model, {
        blocks: ['layers.0', 'layers.0'],
        run() {
          throw new Error('no data');
        },
      }),
    ).toThrow('no data');
    expect(layer.forward).toBe(own);
  });

  it.each([
    ['layers.9', /does not have/],
    ['layers.1', /did not get to/],
  ])('refuses %s', (block, message) => {
    const model = new Sequential([new Linear(2, 2, { key }), new Linear(2, 2, { key })]);
    const run = () => (model.layers[0] as Linear).forward(tensor([[1, 2]]));
    expect(() => blockStates(model, { blocks: [block], run })).toThrow(message);
  });
});

describe('geLoraRanks', () => {
  const points = (d: number, wide: number, count = 300): Tensor =>
    random.uniform(random.key(d), [count, d]).matmul(random.normal(random.key(100 + d), [d, wide]));

  it('gives the growth of the dimension through a block, rounded, and 1 more; α is the rank', () => {
    const model = new Sequential([of(points(2, 12, 10), points(2, 10, 8)), of(points(2, 8, 8))]);
    const [low, high] = [points(2, 12), points(5, 8)];
    const states = [
      { path: 'layers.0', before: low, after: high },
      { path: 'layers.1.layers.0', before: high, after: low },
    ];
    const policy = geLoraRanks({ states });
    const growth = twoNN(high) - twoNN(low);
    expect(policy.dimensions.map(({ before, after }) => [before, after])).toEqual([
      [twoNN(low), twoNN(high)],
      [twoNN(high), twoNN(low)],
    ]);
    expect(policy.dimensions.map(({ rank }) => rank)).toEqual([Math.round(growth) + 1, 1]);
    expect(Math.round(growth) + 1).toBeGreaterThanOrEqual(3);
    const { adapted } = lora(model, { rank: policy, alpha: 64 });
    expect(adapted.map(({ path, rank, scale }) => [path, rank, scale])).toEqual([
      ['layers.0.layers.0', Math.round(growth) + 1, 1],
      ['layers.0.layers.1', Math.round(growth) + 1, 1],
      ['layers.1.layers.0', 1, 1],
    ]);
  });

  it('cuts the rank to the smaller side, and leaves out a layer in none of the blocks', () => {
    const model = of(points(2, 12, 2), points(2, 2, 4));
    const states = [{ path: 'layers.0', before: points(2, 12), after: points(8, 12) }];
    const policy = geLoraRanks({ states, method: 'likelihood', points: 200 });
    expect(policy.dimensions[0]?.rank).toBeGreaterThan(2);
    const { adapted, untouched } = lora(model, { rank: policy });
    expect(adapted.map(({ path, rank }) => [path, rank])).toEqual([['layers.0', 2]]);
    expect(untouched[0]?.reason).toMatch(/none of the blocks/);
    const some = points(2, 12);
    const every = tensor(
      numbers(some).filter((_, i) => Math.floor(i / 12) % 3 !== 2),
      { shape: [200, 12] },
    );
    expect(policy.dimensions[0]?.before).toBeCloseTo(twoNN(every, { method: 'likelihood' }), 1);
  });
});

// --- GoRA

describe('goraRanks', () => {
  /** Sites whose weight is all ones, with a gradient of the given size in one element. */
  function shared(
    sizes: readonly [number, number][],
    gradients: readonly number[],
    changed: Partial<GoraRanksOptions<null>> = {},
  ) {
    const model = of(...sizes.map((shape) => tensor(Array(shape[0] * shape[1]).fill(1), { shape: [...shape] })));
    const sites = sitesIn(model);
    const loss = (): Tensor =>
      sites
        .map(({ weight }, i) =>
          mul(weight, gradients[i] as number)
            .reshape([-1])
            .slice([0], [1])
            .sum(),
        )
        .reduce((total, part) => total.add(part));
    return { model, sites, policy: goraRanks({ loss, batches: [null], ...changed }) };
  }
  const sizes: [number, number][] = [
    [4, 6],
    [5, 5],
    [8, 12],
  ];
  const ranksOf = ({ policy, sites }: ReturnType<typeof shared>): number[] =>
    policy.ranks(sites).map(({ rank }) => rank);

  it('shares out the budget by importance, and keeps to it but for the remainders', () => {
    const case_ = shared(sizes, [1, 2, 5], { rank: 3 });
    expect(case_.policy.importances(case_.sites)).toEqual([1, 2, 5]);
    const budget = 3 * (10 + 10 + 20);
    expect(ranksOf(case_)).toEqual([
      Math.floor(budget / 8 / 10),
      Math.floor((budget * 2) / 8 / 10),
      Math.floor((budget * 5) / 8 / 20),
    ]);
    const numbersIn = ranksOf(case_).reduce(
      (total, r, i) => total + r * ((sizes[i]?.[0] ?? 0) + (sizes[i]?.[1] ?? 0)),
      0,
    );
    expect(numbersIn).toBeLessThanOrEqual(budget);
    expect(numbersIn).toBeGreaterThan(budget - 40);
    expect(ranksOf(shared(sizes, [1, 2, 5], { budget }))).toEqual(ranksOf(case_));
  });

  it('does not depend on the order of the layers', () => {
    const forward = ranksOf(shared(sizes, [1, 2, 5], { rank: 3 }));
    const backward = ranksOf(shared([...sizes].reverse(), [5, 2, 1], { rank: 3 }));
    expect(backward).toEqual([...forward].reverse());
  });

  it('rounds a half to even before it divides', () => {
    // Equal halves of 47 + 46 = 93: 46.5, of which 46 is even, and a component of the first costs 47.
    const halves: [number, number][] = [
      [23, 24],
      [23, 23],
    ];
    expect(ranksOf(shared(halves, [1, 1], { rank: 1, minRank: 0 }))).toEqual([0, 1]);
    expect(ranksOf(shared(halves, [1, 1], { rank: 1, minRank: 0, rounding: 'up' }))).toEqual([1, 1]);
    expect(ranksOf(shared(halves, [1, 1], { rank: 1, minRank: 0, rounding: 'down' }))).toEqual([0, 1]);
  });

  it('keeps within the bounds; at 0 a layer gets no adapter', () => {
    expect(ranksOf(shared(sizes, [0, 0, 1], { rank: 3, maxRank: 4 }))).toEqual([1, 1, 4]);
    expect(ranksOf(shared(sizes, [0, 0, 1], { rank: 3 }))).toEqual([1, 1, 6]);
    expect(ranksOf(shared(sizes, [0, 0, 0], { rank: 3 }))).toEqual([4, 4, 2]);
    const { model, policy } = shared(sizes, [0, 1, 1], { rank: 1, minRank: 0 });
    const { adapted, untouched } = lora(model, { rank: policy });
    expect(adapted.map(({ path }) => path)).toEqual(['layers.1', 'layers.2']);
    expect(untouched[0]?.reason).toBe('rank 0 by goraRanks');
  });

  it('has the importances and shares that it names', () => {
    const gradient = tensor([3, 0, 0, 0, -4, 0], { shape: [2, 3] });
    const weight = tensor([2, 1, 1, 1, 0.5, 1], { shape: [2, 3] });
    const model = of(weight);
    const sites = sitesIn(model);
    const loss = () => sum(mul((model.layers[0] as Linear).weight, gradient));
    const of_ = (importance: 'product' | 'mean-product' | 'nuclear') =>
      goraRanks({ loss, batches: [null], importance }).importances(sites)[0] as number;
    expect(of_('product')).toBeCloseTo(Math.hypot(6, 2), 5);
    expect(of_('mean-product')).toBeCloseTo(8 / 6, 5);
    expect(of_('nuclear')).toBeCloseTo(7, 5);
    const e = [0, 0.25, 1].map((x) => Math.exp(x / 0.25));
    const all = e.reduce((a, b) => a + b, 0);
    const case_ = shared(sizes, [1, 2, 5], { rank: 3, shares: 'softmax', temperature: 0.25, minRank: 0 });
    expect(ranksOf(case_)).toEqual(
      e.map((x, i) => Math.floor(Math.round((120 * x) / all) / ([10, 10, 20][i] as number))),
    );
    const costs = [10, 10, 20].map(Math.log1p);
    const total = costs.reduce((a, b) => a + 3 * b, 0);
    expect(ranksOf(shared(sizes, [1, 2, 5], { rank: 3, cost: 'log1p', minRank: 0 }))).toEqual(
      [1, 2, 5].map((x, i) => Math.floor(Math.round((total * x) / 8) / (costs[i] as number))),
    );
  });

  it('takes the mean over the batches', () => {
    const model = of(tensor([1, 1], { shape: [1, 2] }));
    const loss = (by: number) => mul((model.layers[0] as Linear).weight, by).sum();
    const policy = goraRanks({ loss, batches: [5, -3], rank: 1 });
    expect(policy.importances(sitesIn(model))[0]).toBeCloseTo(Math.SQRT2, 5);
  });

  it.each<[string, Partial<GoraRanksOptions<null>>]>([
    ['ranks/budget', { rank: 2, budget: 10 }],
    ['ranks/budget', { budget: 10 }],
    ['gradient-init/batches', { batches: [] }],
    ['options/range', { minRank: 3, maxRank: 2 }],
  ])('refuses with %s', (code, changed) => {
    expect(() => ranksOf(shared(sizes, [1, 2, 5], changed))).toThrow(expect.objectContaining({ code }));
  });
});

// --- WeLore

describe('weLoreRanks', () => {
  const spectra = [
    [9, 1, 0.9, 0.5, 0.3, 0.1],
    [4, 3, 2, 1],
    [2, 2, 2, 2],
  ];

  it('prunes what is below τ of each spectrum, scaled from its least to its largest', () => {
    const scaled = [0.9, 0.5, 0.3, 0.1, 1].map((x) => (x - 0.1) / 8.9);
    for (const threshold of [0, 0.01, 0.05, 0.1, 0.11, 1]) {
      const { pruned } = weLoreCounts([spectra[0] as number[]], { threshold });
      expect(pruned).toEqual([scaled.filter((x) => x < threshold).length + (threshold > 1 ? 1 : 0)]);
    }
    expect(weLoreCounts(spectra, { threshold: 1 }).pruned).toEqual([5, 3, 0]);
  });

  it('finds the least τ with which a mean share is reached', () => {
    // The least value of each spectrum goes as soon as τ is not 0: a share of 5/36.
    expect(weLoreCounts(spectra, { reduction: 0.1 }).threshold).toBe(Number.MIN_VALUE);
    for (const reduction of [0, 0.15, 0.25, 0.4, 0.5]) {
      const { threshold, pruned } = weLoreCounts(spectra, { reduction });
      const share = (counts: readonly number[]): number =>
        counts.reduce((sum, gone, i) => sum + gone / (spectra[i] as number[]).length, 0) / 3;
      expect(share(pruned)).toBeGreaterThanOrEqual(reduction);
      if (reduction > 0) {
        const below = weLoreCounts(spectra, { threshold: threshold * (1 - 1e-12) }).pruned;
        expect(share(below)).toBeLessThan(reduction);
      } else expect(threshold).toBe(0);
    }
  });

  it('adapts the weights of low rank, with what is left of them, and says of the others how much they miss it by', () => {
    const model = of(diagonal(spectra[0] as number[], [6, 8]), diagonal(spectra[1] as number[], [4, 6]));
    const { adapted, untouched } = lora(model, { rank: weLoreRanks({ threshold: 0.1 }), alpha: 4 });
    expect(adapted.map(({ path, rank, scale }) => [path, rank, scale])).toEqual([['layers.0', 2, 2]]);
    expect(untouched[0]?.reason).toBe('not of low rank: 1 of 4 singular values are below the threshold');
    // Half is of low rank: the published bound is 0.4999.
    expect(lora(of(diagonal([4, 3, 1, 1], [4, 4])), { rank: weLoreRanks({ threshold: 0.1 }) }).adapted[0]?.rank).toBe(
      2,
    );
    expect(lora(of(diagonal([4, 3, 2, 1], [4, 4])), { rank: weLoreRanks({ reduction: 0.5 }) }).adapted[0]?.rank).toBe(
      2,
    );
  });

  it.each<[string, () => unknown]>([
    ['we-lore/target', () => weLoreRanks({})],
    ['we-lore/target', () => weLoreRanks({ threshold: 0.1, reduction: 0.5 })],
    ['we-lore/target', () => weLoreCounts(spectra, { reduction: 0.9 })],
    ['options/type', () => weLoreCounts([[]], { threshold: 0.1 })],
    ['adapter/no-match', () => lora(of(diagonal([4, 3, 2, 1], [4, 4])), { rank: weLoreRanks({ threshold: 0.1 }) })],
  ])('refuses with %s', (code, run) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});

// --- PARA

describe('reallocateRanks', () => {
  /** A trained model of two layers, and the changes of its weights. */
  function trained(seed = 1): { model: MLP; changes: number[][] } {
    const model = new MLP({ sizes: [6, 5, 7], key });
    lora(model, { rank: 3, alpha: 6, dropout: 0.5 });
    scatter(model, random.key(seed), /lora/);
    return { model, changes: changesOf(model) };
  }
  const changesOf = (model: MLP): number[][] =>
    model.layers.map((layer) => {
      if (layer.lora === null) return Array(layer.weight.size).fill(0) as number[];
      const { A, B } = factorsOf(layer);
      return times(numbers(B), numbers(A), A.shape[0] as number).map((x) => x * (layer.lora as LowRankAdapter).scale);
    });
  const squared = (a: number[][], b: number[][]): number =>
    a.reduce((sum, one, i) => sum + one.reduce((s, x, j) => s + (x - ((b[i] as number[])[j] as number)) ** 2, 0), 0);
  const shapes: [number, number][] = [
    [5, 6],
    [7, 5],
  ];

  it.each([1, 2, 4, 5])(
    'keeps the largest of all layers: the error is what is dropped, and no other choice has less (%i)',
    async (count) => {
      const { model, changes } = trained();
      const sigmas = changes.map((change, i) => singularValues(change, shapes[i] as [number, number]).slice(0, 3));
      // By brute force: of the first layer k, of the second the others.
      const rest = [0, 1, 2, 3].flatMap((k) => {
        const other = count - k;
        if (other < 0 || other > 3) return [];
        const lost = [...(sigmas[0] as number[]).slice(k), ...(sigmas[1] as number[]).slice(other)];
        return [{ ranks: [k, other], lost: lost.reduce((sum, s) => sum + s * s, 0) }];
      });
      const best = rest.reduce((a, b) => (b.lost < a.lost ? b : a));
      // In numbers: a component of either has 11 or 12.
      const parameters = (best.ranks[0] as number) * 11 + (best.ranks[1] as number) * 12;
      const { layers, error, threshold } = await reallocateRanks(model, { parameters });
      expect(layers.map(({ after }) => after)).toEqual(best.ranks);
      expect(layers.map(({ before }) => before)).toEqual([3, 3]);
      const all = sigmas.flat().sort((a, b) => b - a);
      expect(threshold).toBeCloseTo(all[count - 1] as number, 4);
      expect(error).toBeCloseTo(Math.hypot(...all.slice(count)), 4);
      expect(squared(changesOf(model), changes)).toBeCloseTo(error ** 2, 3);
      for (const [i, layer] of model.layers.entries()) {
        if (best.ranks[i] === 0) expect(layer.lora).toBeNull();
        else expect(factorsOf(layer).A.shape[0]).toBe(best.ranks[i]);
      }
    },
  );

  it('a mean rank is as many components as layers times it', async () => {
    const { model } = trained();
    const { layers } = await reallocateRanks(model, { rank: 2 });
    expect(layers.reduce((sum, { after }) => sum + after, 0)).toBe(4);
  });

  it('keeps the function to rounding where nothing is dropped, scale and dropout too, in balanced factors', async () => {
    const { model, changes } = trained();
    const x = random.normal(random.key(3), [4, 6]);
    const y = numbers(model.forward(x));
    const { error, layers } = await reallocateRanks(model, { rank: 9 });
    expect(error).toBe(0);
    expect(layers.map(({ after }) => after)).toEqual([3, 3]);
    expectNear(numbers(model.forward(x)), y, 32);
    for (const [i, layer] of model.layers.entries()) {
      const { A, B } = factorsOf(layer);
      const { scale, dropout } = layer.lora as LowRankAdapter & { dropout: number };
      expect([scale, dropout]).toEqual([2, 0.5]);
      const sigmas = singularValues(changes[i] as number[], shapes[i] as [number, number]).slice(0, 3);
      const down = numbers(A.matmul(A, { transposeB: true }));
      const up = numbers(B.matmul(B, { transposeA: true }));
      expectNear(
        down,
        [0, 1, 2].flatMap((r) => [0, 1, 2].map((c) => (r === c ? (sigmas[r] as number) / 2 : 0))),
        32,
      );
      expectNear(up, down, 64);
    }
  });

  it('takes embeddings, masks, a negative scale, and factors that are larger than the weight', async () => {
    const table = new Embedding(5, 4, { key });
    const model = new Sequential([table, new Linear(4, 3, { key })]);
    lora(model, { rank: 6, alpha: -3, match: () => true, mask: true });
    scatter(model, random.key(2), /lora\.[AB]/);
    const mask = tensor([1, 1, 0, 1, 1, 0]);
    model.load({ ...model.state(), 'layers.0.lora.mask': mask, 'layers.1.lora.mask': mask });
    const ids = tensor([0, 3, 4], { dtype: 'int32' });
    const y = numbers(model.forward(ids));
    const { layers } = await reallocateRanks(model, { rank: 6 });
    expect(layers.map(({ after }) => after)).toEqual([4, 3]);
    expectNear(numbers(model.forward(ids)), y, 64);
    expect((table.lora as LowRankAdapter).mask).toBeNull();
  });

  it('leaves what is frozen frozen, and other adapters as they are', async () => {
    const model = new Sequential([new Linear(6, 5, { key }), new Linear(5, 4, { key })]);
    lora(model, { rank: 2, freezeA: true, match: 'layers.0' });
    scatter(model, random.key(2), /lora/);
    sora(model, { rank: 2, match: 'layers.1' });
    const other = (model.layers[1] as Linear).lora;
    const { layers } = await reallocateRanks(model, { rank: 1 });
    expect(layers).toEqual([{ path: 'layers.0', before: 2, after: 1 }]);
    expect((model.layers[1] as Linear).lora).toBe(other);
    expect(Object.keys(model.parameters({ trainable: true }))).not.toContain('layers.0.lora.A');
    expect(Object.keys(model.parameters({ trainable: true }))).toContain('layers.0.lora.B');
    await compact(model);
  });

  it('takes the adapters of a model that has learned nothing', async () => {
    const model = new MLP({ sizes: [4, 4], key });
    lora(model, { rank: 2 });
    expect((await reallocateRanks(model, { rank: 2 })).layers).toEqual([{ path: 'layers.0', before: 2, after: 0 }]);
    expect(model.layers[0]?.lora).toBeNull();
  });

  it.each<[string, (model: MLP) => Promise<unknown>]>([
    ['ranks/budget', (model) => reallocateRanks(model, {})],
    ['ranks/budget', (model) => reallocateRanks(model, { rank: 1, parameters: 20 })],
    ['ranks/budget', (model) => reallocateRanks(model, { parameters: 5 })],
    [
      'ranks/merged',
      (model) => {
        mergeAdapters(model);
        return reallocateRanks(model, { rank: 1 });
      },
    ],
  ])('refuses with %s, and changes nothing', async (code, run) => {
    const { model } = trained();
    const before = model.layers.map(({ lora: adapter }) => adapter);
    await expect(run(model)).rejects.toThrow(expect.objectContaining({ code }));
    expect(model.layers.map(({ lora: adapter }) => adapter)).toEqual(before);
    const pruned = new Linear(4, 4, { key });
    lors(pruned, { rank: 2 });
    await expect(reallocateRanks(pruned, { rank: 1 })).rejects.toThrow(/adapter\/none/);
  });
});

// --- placement

describe('placementScores', () => {
  it('counts the singular values of the mean gradient above δ times the largest', () => {
    const model = of(diagonal([1, 1, 1, 1], [4, 5]), diagonal([1, 1, 1], [3, 3]), diagonal([1, 1], [2, 2]));
    const sizes = [[8, 4, 0.9, 0.7], [5, 0.5, 0.4], []];
    const gradients = [
      [4, 5],
      [3, 3],
      [2, 2],
    ].map((shape, i) => diagonal(sizes[i] as number[], shape as [number, number]));
    const rotate = linalg.qr(random.normal(key, [4, 4])).q;
    gradients[0] = rotate.matmul(gradients[0] as Tensor);
    const loss = (share: number): Tensor =>
      model.layers
        .map((layer, i) => sum(mul((layer as Linear).weight, (gradients[i] as Tensor).mul(share))))
        .reduce((total, part) => total.add(part));
    const scores = placementScores(model, { loss, batches: [0.5, 1.5] });
    expect(scores.map(({ path, score }) => [path, score])).toEqual([
      ['layers.0', 3],
      ['layers.1', 1],
      ['layers.2', 0],
    ]);
    expect(scores[0]?.largest).toBeCloseTo(8, 5);
    const finer = placementScores(model, { loss, batches: [1], delta: 0.05, match: 'layers.1' });
    expect(finer.map(({ score }) => score)).toEqual([3]);
    expect(() => placementScores(model, { loss, batches: [] })).toThrow(/gradient-init\/batches/);
  });

  it('looks at matrices, also at those that have adapters', () => {
    const model = new Sequential([new Linear(3, 3, { key }), new Linear(3, 2, { key })]);
    const loss = (x: Tensor) => mseLoss(model.forward(x), tensor([[1, 2]]));
    lora(model, { rank: 1, match: 'layers.0' });
    expect(placementScores(model, { loss, batches: [tensor([[1, 2, 3]])] }).map(({ score }) => score)).toEqual([1, 1]);
  });
});
