import { describe, expect, it } from 'vitest';
import {
  adafactor,
  adam,
  adamw,
  addDecayedWeights,
  applyUpdates,
  chain,
  type GradientTransform,
  lion,
  type Params,
  rmsprop,
  schedules,
  sgd,
  tensor,
} from '../../../src/index';
import golden from '../../golden/optim.json';

type Numbers = Record<string, number[]>;
type Case = keyof typeof golden.cases;

const shapes: Record<string, number[]> = golden.shapes;
const steps = golden.gradients.length;
const params = (values: Numbers): Params =>
  Object.fromEntries(Object.entries(values).map(([path, x]) => [path, tensor(x, { shape: shapes[path] as number[] })]));

/** Half the distance of neighbouring float32 numbers at 1: what one rounding does, relative to its result. */
const rounding = 2 ** -24;

/** The largest |w| on the golden trajectory. */
const largestWeight = (name: Case): number =>
  Math.max(...golden.cases[name].after.flatMap((after) => Object.values(after).flat()).map(Math.abs));

const largestGradient = Math.max(...golden.gradients.flatMap((g) => Object.values(g).flat()).map(Math.abs));

/**
 * How far float32 may be from the float64 trajectory after T steps. Each step adds an update to a weight, one rounding
 * of at most |w|, and the update carries the roundings that made it: b in the step itself, and a more for each earlier
 * step that its moving means remember, each of at most `step`, the largest update if nothing in it had cancelled. So
 * 2⁻²⁴·(T·max|w| + step·Σ_t (a·t + b)).
 */
interface Row {
  readonly name: Case;
  readonly transform: GradientTransform<unknown>;
  readonly step: number;
  readonly a: number;
  readonly b: number;
}

function bound({ name, step, a, b }: Row): number {
  const roundings = (a * steps * (steps + 1)) / 2 + b * steps;
  return rounding * (steps * largestWeight(name) + step * roundings);
}

/** The largest deviation after the last step. */
function deviation({ name, transform }: Row): number {
  const weights = params(golden.weights);
  let state = transform.init(weights);
  for (const gradient of golden.gradients) {
    const [updates, next] = transform.update(params(gradient), state, weights);
    state = next;
    applyUpdates(weights, updates);
  }
  const last = golden.cases[name].after.at(-1) as Numbers;
  const off = Object.entries(last).flatMap(([path, expected]) => {
    const actual = (weights[path] as Params[string]).dataSync();
    return expected.map((x, i) => Math.abs((actual[i] as number) - x));
  });
  return Math.max(...off);
}

const rows: Row[] = [];

function row<S>(name: Case, transform: GradientTransform<S>, roundings: { step: number; a: number; b: number }): void {
  rows.push({ name, transform, ...roundings });
}

// η·g: the product and η itself. A sum of μ^i·g is at most 1/(1 − μ)·max|g|, and two roundings a step enter it.
const g = largestGradient;
row('sgd', sgd({ learningRate: 0.1 }), { step: 0.1 * g, a: 0, b: 2 });
row('sgdMomentum', sgd({ learningRate: 0.1, momentum: 0.9 }), { step: g, a: 2, b: 3 });
row('sgdNesterov', sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }), { step: g, a: 2, b: 5 });

// Adam: three roundings a step enter M and V, half of V's survive the root; two corrections, root, sum, quotient, η.
// By Cauchy and Schwarz the weighted mean of |g| is at most √V̂·√(Σ weight1²/weight2), below 1.2·√V̂ for ten steps.
row('adam', adam({ learningRate: 0.01 }), { step: 0.01 * 1.2, a: 4.5, b: 10 });
row('adamOptions', adam({ learningRate: 0.02, beta1: 0.8, beta2: 0.95, epsilon: 1e-3 }), {
  step: 0.02 * 1.2,
  a: 4.5,
  b: 10,
});
row('adamw', adamw({ learningRate: 0.01 }), { step: 0.01 * (1.2 + 0.01 * largestWeight('adamw')), a: 4.5, b: 12 });
row('adamwDecay', adamw({ learningRate: 0.05, weightDecay: 0.3 }), {
  step: 0.05 * (1.2 + 0.3 * largestWeight('adamwDecay')),
  a: 4.5,
  b: 12,
});

// RMSprop: |g|/√V is at most 1/√(1 − α), momentum multiplies it by at most 1/(1 − μ). Centered: M² ≤ (1 − α^t)·V, so
// V − M² ≥ α^t·V, which divides the ratio's bound by √α^T and multiplies the roundings of V by up to 3/α^T.
row('rmsprop', rmsprop({ learningRate: 0.01 }), { step: 0.01 * 10, a: 1.5, b: 6 });
row('rmspropMomentum', rmsprop({ learningRate: 0.01, momentum: 0.9 }), { step: 0.01 * 10 * 10, a: 3.5, b: 8 });
row('rmspropCentered', rmsprop({ learningRate: 0.01, centered: true }), {
  step: (0.01 * 10) / Math.sqrt(0.99 ** steps),
  a: (1.5 * 3) / 0.99 ** steps,
  b: 9,
});
row(
  'rmspropAll',
  chain(
    addDecayedWeights(0.1),
    rmsprop({ learningRate: 0.01, alpha: 0.9, epsilon: 1e-3, momentum: 0.5, centered: true }),
  ),
  { step: ((0.01 * Math.sqrt(10)) / Math.sqrt(0.9 ** steps)) * 2, a: (1.5 * 3) / 0.9 ** steps + 2, b: 13 },
);

// Lion: the step is ±η and the decay; the script has made sure that no sign is near to turning.
row('lion', lion({ learningRate: 0.01 }), { step: 0.01 * (1 + 1e-3 * largestWeight('lion')), a: 0, b: 4 });
row('lionOptions', lion({ learningRate: 0.01, beta1: 0.8, beta2: 0.9, weightDecay: 0.1 }), {
  step: 0.01 * (1 + 0.1 * largestWeight('lionOptions')),
  a: 0,
  b: 4,
});

// Adafactor: the script has noted the largest |G|/√V̂. A step is relative to RMS(W), so what is wrong in W grows by at
// most 1 + η·ratio a step. Means over five elements, their quotient, roots, the clip and the scale: 30 roundings.
for (const [name, factored] of [
  ['adafactor', true],
  ['adafactorUnfactored', false],
] as const) {
  const ratio = golden.cases[name].largestRatio;
  const growth = (1 + 0.05 * ratio) ** steps;
  const step = 0.05 * largestWeight(name) * ratio * growth;
  row(name, adafactor({ learningRate: 0.05, factored: () => factored }), { step, a: 1.5, b: 30 });
}
for (const [name, factored] of [
  ['adafactorAll', true],
  ['adafactorAllUnfactored', false],
] as const) {
  const ratio = golden.cases[name].largestRatio + 0.1 * largestWeight(name);
  const growth = (1 + 0.05 * ratio) ** steps;
  const step = 0.05 * largestWeight(name) * ratio * growth;
  const options = { learningRate: 0.05, momentum: 0.9, weightDecay: 0.1, clipThreshold: 0.4 };
  row(name, adafactor({ ...options, factored: () => factored }), { step, a: 4.5, b: 35 });
}

describe(`ten steps follow float64 (PyTorch ${golden.provenance.torch}; Lion and Adafactor: numpy), in ulps of 1`, () => {
  it('has ten steps and every case', () => {
    expect(steps).toBe(10);
    expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(golden.cases).sort());
  });

  // The table of deviations: a name gives what was measured and what is allowed.
  const table = rows.map((entry) => ({ entry, off: deviation(entry), most: bound(entry) }));
  const ulps = (x: number): string => (x / 2 ** -23).toFixed(1);
  for (const { entry, off, most } of table) {
    it(`${entry.name}: ${ulps(off)} of at most ${ulps(most)}`, () => {
      expect(off).toBeLessThanOrEqual(most);
      // A bound that lets two thousandths of one step pass would prove nothing.
      expect(most).toBeLessThan(2e-3 * entry.step + 1e-5);
    });
  }
});

describe('schedules follow the formulas of optax, and PyTorch', () => {
  const { linear, cosine, warmupCosine, torchLinear, torchCosine } = golden.schedules;
  it.each([
    ['linear', schedules.linear(linear.options), linear.values],
    ['cosine', schedules.cosine(cosine.options), cosine.values],
    ['warmupCosine', schedules.warmupCosine(warmupCosine.options), warmupCosine.values],
    ["PyTorch's LinearLR", schedules.linear(torchLinear.options), torchLinear.values],
    ["PyTorch's CosineAnnealingLR", schedules.cosine(torchCosine.options), torchCosine.values],
  ])('%s', (_, schedule, values) => {
    values.forEach((value, step) => {
      expect(Math.abs(schedule(step) - value), `step ${step}`).toBeLessThan(1e-12);
    });
  });

  it('a constant one is a constant', () => {
    const [plain, scheduled] = [adam({ learningRate: 0.01 }), adam({ learningRate: schedules.constant(0.01) })];
    const [weights, gradient] = [params(golden.weights), params(golden.gradients[0] as Numbers)];
    const [a] = plain.update(gradient, plain.init(weights), weights);
    const [b] = scheduled.update(gradient, scheduled.init(weights), weights);
    expect(b.matrix?.dataSync()).toEqual(a.matrix?.dataSync());
  });
});

describe('options', () => {
  it('refuses what does not exist', () => {
    const typo = { learningRate: 0.1, momentun: 0.9 };
    expect(() => sgd(typo)).toThrow(/momentun/);
    expect(() => rmsprop(typo)).toThrow(/momentun/);
    expect(() => lion(typo)).toThrow(/momentun/);
    expect(() => adam({ learningRate: -1 })).toThrow(/learningRate = -1/);
    expect(() => adam({ learningRate: 1, beta1: 2 })).toThrow(/beta1 = 2/);
    expect(() => lion({ learningRate: 1, beta2: -1 })).toThrow(/beta2 = -1/);
    expect(() => rmsprop({ learningRate: 1, alpha: 2 })).toThrow(/alpha = 2/);
  });
});

describe('rmsprop, centered', () => {
  it('does not take the root of a variance that rounding made negative', () => {
    const transform = rmsprop({ learningRate: 1, alpha: 0.5, epsilon: 1e-3, centered: true });
    const weights = { w: tensor([1, 1, 1]) };
    const gradient = { w: tensor([0.1, 0.7, 1.3]) };
    let state = transform.init(weights);
    for (let step = 0; step < 60; step++) {
      const [updates, next] = transform.update(gradient, state, weights);
      state = next;
      expect(updates.w?.dataSync().every(Number.isFinite)).toBe(true);
    }
  });
});
