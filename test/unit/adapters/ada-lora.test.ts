import { describe, expect, it } from 'vitest';
import type { GatedLora } from '../../../src/adapters/methods/gated-lora';
import {
  type AdaLoraOptions,
  accumulate,
  adaLora,
  adam,
  compact,
  Embedding,
  Linear,
  lora,
  MLP,
  mseLoss,
  type Params,
  periodicLora,
  random,
  Sequential,
  sgd,
  type Tensor,
  tensor,
  trainer,
} from '../../../src/index';
import { expectNear, numbers } from './cases';

const layers = ['a', 'b', 'c'];
/** Three layers with three triplets each, and the gradient of a step. */
function factors(seed: number, names = layers): Params {
  const entries = names.flatMap((name) => {
    const of = (part: string, shape: number[]): [string, Tensor] => [
      `${name}.lora.${part}`,
      random.normal(random.fold(random.key(seed), name, part), shape),
    ];
    return [of('A', [3, 4]), of('B', [5, 3]), of('gate', [3])];
  });
  return Object.fromEntries(entries);
}
const settings = { initialRank: 3, rank: 1, steps: 8, orthogonality: 0 };
const rate = 0.1;
type Given = Partial<AdaLoraOptions<unknown>>;
const made = (changed: Given = {}) =>
  adaLora({ ...settings, inner: sgd({ learningRate: rate }), ...changed } as AdaLoraOptions<unknown>);

/** Some steps; the gates after each. */
function gatesOf(policy: ReturnType<typeof made>, steps: number, names = layers): number[][] {
  let params = factors(0, names);
  let state = policy.transform.init(params);
  return Array.from({ length: steps }, (_, k) => {
    const [updates, next] = policy.transform.update(factors(k + 1, names), state, params);
    [params, state] = [
      Object.fromEntries(Object.entries(params).map(([p, x]) => [p, x.add(updates[p] as Tensor)])),
      next,
    ];
    return [...names].sort().flatMap((name) => numbers(params[`${name}.lora.gate`]));
  });
}

/** The same in plain numbers: an independent reading of the rule, for one-step masks. */
function reference(steps: number, budgets: readonly number[], [beta1, beta2] = [0.85, 0.85]): number[][] {
  const open = (record: Params) => Object.fromEntries(Object.entries(record).map(([p, t]) => [p, numbers(t)]));
  const p = open(factors(0));
  const zero = () => Object.fromEntries(Object.entries(p).map(([path, x]) => [path, x.map(() => 0)]));
  const [mean, spread] = [zero(), zero()] as Record<string, number[]>[];
  const get = (of: Record<string, number[]> | undefined, path: string, i: number): number => of?.[path]?.[i] as number;
  return Array.from({ length: steps }, (_, k) => {
    const g = open(factors(k + 1));
    for (const path of Object.keys(p))
      for (const i of (p[path] as number[]).keys()) {
        (p[path] as number[])[i] = get(p, path, i) - rate * get(g, path, i);
        const now = Math.abs(get(p, path, i) * get(g, path, i));
        ((mean as Record<string, number[]>)[path] as number[])[i] = beta1 * get(mean, path, i) + (1 - beta1) * now;
        const far = Math.abs(now - get(mean, path, i));
        ((spread as Record<string, number[]>)[path] as number[])[i] = beta2 * get(spread, path, i) + (1 - beta2) * far;
      }
    const score = (path: string, i: number): number => get(mean, path, i) * get(spread, path, i);
    const triplets = layers.flatMap((name) =>
      [0, 1, 2].map((i) => {
        let [a, b] = [0, 0];
        for (let j = 0; j < 4; j++) a += score(`${name}.lora.A`, 4 * i + j) / 4;
        for (let j = 0; j < 5; j++) b += score(`${name}.lora.B`, 3 * j + i) / 5;
        return { path: `${name}.lora.gate`, i, score: score(`${name}.lora.gate`, i) + a + b };
      }),
    );
    const order = [...triplets].sort((x, y) => x.score - y.score);
    for (const { path, i } of order.slice(0, 9 - (budgets[k] as number))) (p[path] as number[])[i] = 0;
    return layers.flatMap((name) => [...(p[`${name}.lora.gate`] as number[])]);
  });
}

describe('adaLora, the budget', () => {
  it('falls from all triplets to the target, in whole numbers that never rise', () => {
    const policy = made({ steps: 30, warmup: 4, final: 5, every: 3 });
    const plans = Array.from({ length: 32 }, (_, k) => policy.plan(k, 3));
    const budgets = plans.map(({ budget }) => budget);
    expect(budgets.every(Number.isInteger)).toBe(true);
    expect(budgets).toEqual([...budgets].sort((a, b) => b - a));
    expect(budgets.slice(0, 5)).toEqual([9, 9, 9, 9, 9]);
    expect(budgets.slice(25)).toEqual(Array(7).fill(3));
    expect(budgets[12]).toBe(Math.floor(6 * (1 - 8 / 21) ** 3 + 3));
    expect(plans.map(({ masks }) => masks)).toEqual(plans.map((_, k) => k > 25 || (k > 4 && k % 3 === 0)));
  });

  it('is kept after every mask: as many gates are open at most', () => {
    const policy = made({ warmup: 1, final: 2, every: 2 });
    for (const [i, gates] of gatesOf(policy, 10).entries()) {
      const { budget, masks } = policy.plan(i + 1, 3);
      const open = gates.filter((g) => g !== 0).length;
      if (masks)
        expect(open).toBe(budget); // no two of these scores are equal
      else expect(open).toBe(9);
    }
  });

  it('drops what is at the threshold too: equal triplets go together', () => {
    const policy = made({ rank: 2, steps: 2 });
    const one = factors(0, ['a']);
    const same = Object.fromEntries(
      Object.entries(one).flatMap(([path, x]) => ['a', 'b'].map((name) => [path.replace('a.', `${name}.`), x])),
    );
    const [updates] = policy.transform.update(same, policy.transform.init(same), same);
    // Step 1 of 2 leaves ⌊(6 − 4)/8 + 4⌋ = 4 of 6: the two least, which are equal, and no more.
    expect(policy.plan(1, 2).budget).toBe(4);
    const gates = ['a', 'b'].map((name) =>
      numbers((same[`${name}.lora.gate`] as Tensor).add(updates[`${name}.lora.gate`] as Tensor)),
    );
    expect(gates[0]).toEqual(gates[1]);
    expect(gates[0]?.filter((g) => g === 0).length).toBe(1);
    const odd = adaLora({ initialRank: 3, rank: 2, steps: 2, orthogonality: 0, inner: sgd({ learningRate: rate }) });
    const all = {
      ...same,
      ...Object.fromEntries(Object.entries(one).map(([path, x]) => [path.replace('a.', 'c.'), x])),
    };
    const [moved] = odd.transform.update(all, odd.transform.init(all), all);
    expect(odd.plan(1, 3).budget).toBe(6); // three least of nine, all equal
    for (const name of ['a', 'b', 'c'])
      expect(
        numbers((all[`${name}.lora.gate`] as Tensor).add(moved[`${name}.lora.gate`] as Tensor)).filter((g) => g === 0)
          .length,
      ).toBe(1);
  });

  it('masks nothing where all triplets fit', () => {
    const policy = made({ rank: 3, final: 2 });
    for (const gates of gatesOf(policy, 9)) expect(gates.every((g) => g !== 0)).toBe(true);
  });
});

describe('adaLora, the choice', () => {
  it('is that of the rule in plain numbers', () => {
    const policy = made({ beta1: 0.6, beta2: 0.9 });
    const budgets = Array.from({ length: 7 }, (_, i) => policy.plan(i + 1, 3).budget);
    const [actual, expected] = [gatesOf(policy, 7), reference(7, budgets, [0.6, 0.9])];
    for (const [i, gates] of actual.entries()) expectNear(gates, expected[i] as number[], 8);
    expect(actual.map((gates) => gates.map((g) => g === 0))).toEqual(
      expected.map((gates) => gates.map((g) => g === 0)),
    );
  });

  it('lets a masked triplet come back, until the last steps hold the choice', () => {
    const shut = gatesOf(made({ steps: 24, final: 6 }), 26).map((gates) => gates.map((g) => g === 0));
    const returned = shut.some((now, k) => k > 0 && now.some((is, i) => !is && (shut[k - 1] as boolean[])[i]));
    expect(returned).toBe(true);
    for (const now of shut.slice(18)) expect(now).toEqual(shut[18]);
  });

  it('does not depend on the order of the layers', () => {
    expect(gatesOf(made(), 7, ['c', 'a', 'b'])).toEqual(gatesOf(made(), 7));
  });

  it('leaves the change of a weight without what is masked', () => {
    const layer = new Linear(4, 5, { key: random.key(1) });
    const policy = made({ rank: 1, steps: 3 });
    lora(layer, { rank: policy, alpha: 6 });
    const own = Object.fromEntries(Object.entries(factors(5, ['a'])).map(([path, x]) => [path.slice(2), x]));
    layer.load({ ...layer.state(), ...own });
    const loss = () =>
      mseLoss(layer.forward(random.normal(random.key(3), [7, 4])), random.normal(random.key(4), [7, 5]));
    const training = trainer({ model: layer, transform: policy.transform, loss, seed: 0 });
    for (let step = 0; step < 3; step++) training.step(null);
    const { A, B, gate, scale } = layer.lora as GatedLora;
    const [a, b, g] = [numbers(A), numbers(B), numbers(gate)];
    const kept = g.findIndex((x) => x !== 0);
    expect(g.filter((x) => x !== 0).length).toBe(1);
    const product = Array.from({ length: 20 }, (_, at) => {
      const [i, j] = [Math.floor(at / 4), at % 4];
      return scale * (b[3 * i + kept] as number) * (g[kept] as number) * (a[4 * kept + j] as number);
    });
    const change = (layer.lora as GatedLora).mergedInto(tensor(Array(20).fill(0), { shape: [5, 4] }), 1);
    expectNear(numbers(change), product, 4);
  });
});

describe('adaLora, the adapters', () => {
  it('start at a product of 0 with factors from N(0, 0.02²), α over the first rank, and the dropout of lora', () => {
    const model = new Sequential([
      new Linear(30, 40, { key: random.key(1) }),
      new Embedding(4, 3, { key: random.key(2) }),
    ]);
    const { adapted, untouched } = lora(model, { rank: made({ initialRank: 20, rank: 5 }), alpha: 10, dropout: 0.25 });
    expect(adapted).toEqual([{ path: 'layers.0', shape: [40, 30], rank: 20, scale: 0.5 }]);
    expect(untouched.find(({ path }) => path === 'layers.1.weight')?.reason).toMatch(/not a Linear/);
    const { A, B, gate, dropout } = (model.layers[0] as Linear).lora as GatedLora;
    expect([dropout, ...numbers(gate)]).toEqual([0.25, ...Array(20).fill(0)]);
    // The mean square x of n ≥ 600 normal numbers is out with a chance below exp(−n/2·(x − 1 − ln x)), at 1.42 and below 0.58 1e-9.
    for (const factor of [A, B]) {
      const square = numbers(factor).reduce((sum, x) => sum + (x / 0.02) ** 2, 0) / factor.size;
      expect(Math.abs(square - 1)).toBeLessThan(0.42);
    }
    expect(numbers(A).slice(0, 5)).not.toEqual(numbers(B).slice(0, 5));
  });

  it('are trained, pruned and compacted over layers', async () => {
    const model = new MLP({ sizes: [6, 6, 6], key: random.key(0) });
    const policy = adaLora({
      initialRank: 4,
      rank: 2,
      steps: 15,
      warmup: 3,
      final: 3,
      inner: adam({ learningRate: 0.02 }),
    });
    lora(model, { rank: policy, alpha: 8 });
    const x = random.normal(random.key(1), [16, 6]);
    const target = random.normal(random.key(2), [16, 6]);
    const training = trainer({
      model,
      transform: policy.transform,
      loss: () => mseLoss(model.forward(x), target),
      seed: 0,
    });
    const first = training.step(null).loss as number;
    for (let step = 1; step < 15; step++) training.step(null);
    expect(training.step(null).loss).toBeLessThan(first);
    const y = numbers(model.forward(x));
    const sizes = await compact(model);
    expect(sizes.reduce((sum, { after }) => sum + after, 0)).toBe(4 * (6 + 6 + 1));
    expectNear(numbers(model.forward(x)), y, 16);
  });
});

describe('the penalty of orthogonality', () => {
  it('adds the gradient of λ·mean ‖AAᵀ − I‖ and ‖BᵀB − I‖, against differences of the norms', () => {
    const params = factors(0, ['a', 'b']);
    const policy = adaLora({ initialRank: 3, rank: 3, steps: 3, orthogonality: 0.7, inner: sgd({ learningRate: 1 }) });
    const still = Object.fromEntries(Object.entries(params).map(([path, x]) => [path, x.mul(0)]));
    const [updates] = policy.transform.update(still, policy.transform.init(params), params);
    /** ‖MMᵀ − I‖ of the r rows of M, or of its columns. */
    const norm = (m: number[], [rows, columns]: [number, number], ofRows: boolean): number => {
      let sum = 0;
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 3; j++) {
          let dot = i === j ? -1 : 0;
          for (let k = 0; k < (ofRows ? columns : rows); k++)
            dot += ofRows
              ? (m[i * columns + k] as number) * (m[j * columns + k] as number)
              : (m[k * columns + i] as number) * (m[k * columns + j] as number);
          sum += dot * dot;
        }
      return Math.sqrt(sum);
    };
    for (const [path, x] of Object.entries(params)) {
      if (path.endsWith('gate')) {
        expect(numbers(updates[path]).every((u) => Math.abs(u) === 0)).toBe(true);
        continue;
      }
      const values = numbers(x);
      const at = (i: number, by: number): number =>
        norm(
          values.map((v, j) => (i === j ? v + by : v)),
          x.shape as [number, number],
          path.endsWith('A'),
        );
      const expected = values.map((_, i) => (-(0.7 / 4) * (at(i, 1e-5) - at(i, -1e-5))) / 2e-5);
      expectNear(numbers(updates[path]), expected, 16);
    }
  });

  it('is 0 for orthonormal factors', () => {
    const identity = tensor([1, 0, 0, 1], { shape: [2, 2] });
    const params = { 'lora.A': identity, 'lora.B': identity, 'lora.gate': tensor([1, 2]) };
    const policy = adaLora({ initialRank: 2, rank: 2, steps: 3, inner: sgd({ learningRate: 1 }) });
    const still = Object.fromEntries(Object.entries(params).map(([path, x]) => [path, x.mul(0)]));
    const [updates] = policy.transform.update(still, policy.transform.init(params), params);
    for (const u of Object.values(updates)) expect(numbers(u).every((v) => Math.abs(v) === 0)).toBe(true);
  });
});

describe('adaLora, with others', () => {
  it('counts the steps of its optimizer: nothing is scored while gradients are gathered', () => {
    const policy = made({ inner: accumulate(2, sgd({ learningRate: rate })) as AdaLoraOptions<unknown>['inner'] });
    const params = factors(0);
    const [none, between] = policy.transform.update(factors(1), policy.transform.init(params), params);
    const [, after] = policy.transform.update(factors(2), between, params);
    expect([Object.keys(none).length, between.step, after.step]).toEqual([0, 0, 1]);
    expect(numbers(between.sensitivity['a.lora.gate'])).toEqual([0, 0, 0]);
  });

  it.each<[string, () => unknown]>([
    ['options/range', () => made({ rank: 4 })],
    ['options/range', () => made({ warmup: 4, final: 4 })],
    ['ada-lora/triplets', () => made().transform.init({ 'a.lora.A': tensor([1]) })],
    ['ranks/own-adapters', () => lora(new Linear(4, 4, { key: random.key(0) }), { rank: made(), mask: true })],
    ['ranks/own-adapters', () => lora(new Linear(4, 4, { key: random.key(0) }), { rank: made(), freezeA: true })],
    ['ranks/own-adapters', () => lora(new Linear(4, 4, { key: random.key(0) }), { rank: made(), init: 'gaussian' })],
    [
      'ranks/own-adapters',
      () =>
        periodicLora(new Linear(4, 4, { key: random.key(0) }), {
          rank: made(),
          stageSteps: 2,
          inner: sgd({ learningRate: 1 }),
        }),
    ],
  ])('refuses with %s', (code, run) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});
