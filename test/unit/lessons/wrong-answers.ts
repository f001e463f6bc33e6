import {
  type Combine,
  type EmaState,
  ema,
  type GradientTransform,
  type Key,
  keep,
  linalg,
  mapParams,
  momentum,
  ones,
  random,
  scope,
  softmax,
  type Tensor,
  transform,
  tril,
  where,
  zeros,
} from 'floragrad';
import type { HeavyBall } from '../../../lessons/04-momentum';
import type { AdamNumbers, Moments } from '../../../lessons/05-adam';
import type { RoundTrip } from '../../../lessons/07-random-projection';
import type { Adapted } from '../../../lessons/11-periodic-lora';
import { adamDirection } from '../../../lessons/solutions/05-adam';
import { convicts } from '../../../lessons/solutions/12-how-sure';

/** What a learner may well write first: for each lesson, by what is wrong with it, and a word that the message must have. */
export interface WrongAnswer {
  readonly fault: string;
  readonly answer: (...given: never[]) => unknown;
  readonly says: RegExp;
}

const wrong = (fault: string, says: RegExp, answer: WrongAnswer['answer']): WrongAnswer => ({ fault, says, answer });

const broadcasting = [
  wrong('rows in pairs, not all pairs', /tensor of shape|sub got/, (x: Tensor, y: Tensor) =>
    x.sub(y).square().sum({ axis: 1 }),
  ),
  wrong('distances without the square', /3² \+ 4²/, (x: Tensor, y: Tensor) => pairs(x, y).abs().sum({ axis: 2 })),
  wrong('y before x', /tensor of shape/, (x: Tensor, y: Tensor) => pairs(y, x).square().sum({ axis: 2 })),
  wrong('nothing is returned', /there is no return/, () => undefined),
];

const pairs = (x: Tensor, y: Tensor): Tensor => x.unsqueeze(1).sub(y.unsqueeze(0));

const reverseMode = [
  wrong('the length as if it were constant', /which sum of g and y/, (g: Tensor, _: Tensor, s: Tensor) => g.div(s)),
  wrong('not divided by the length', /number for each row/, (g: Tensor, y: Tensor) =>
    g.sub(y.mul(g.mul(y).sum({ axis: 1, keepDims: true }))),
  ),
  wrong('one sum for all rows', /sum over axis 1/, (g: Tensor, y: Tensor, s: Tensor) =>
    g.sub(y.mul(g.mul(y).sum())).div(s),
  ),
];

type Make = (i: number) => Tensor;

const scopes = [
  wrong('no scope', /in a scope of its own/, (make: Make, count: number) => {
    let sum = make(0);
    for (let i = 1; i < count; i++) sum = sum.add(make(i));
    return sum.div(count);
  }),
  wrong('sums pile up outside', /Nest, or keep/, (make: Make, count: number) => {
    let sum = scope(() => make(0));
    for (let i = 1; i < count; i++) {
      const before = sum;
      sum = scope(() => before.add(make(i)));
    }
    return sum.div(count);
  }),
  wrong('a sum and not a mean', /divide by 5/, (make: Make, count: number) => {
    let sum = keep(scope(() => make(0)));
    for (let i = 1; i < count; i++) {
      const before = sum;
      sum = keep(scope(() => before.add(make(i))));
    }
    return sum;
  }),
  wrong('what a scope has freed', /freed by scope/, (make: Make, count: number) => {
    let mean = zeros([1]);
    scope(() => {
      mean = make(0).div(count);
    });
    return mean;
  }),
];

const momenta = [
  wrong('a moving mean', /b ← β·b \+ g/, (beta: number) => ema({ decay: beta })),
  wrong('one step ahead', /the update is b/, (beta: number) => momentum({ decay: beta, nesterov: true })),
  wrong('b in a variable', /pure/, (beta: number): GradientTransform<HeavyBall> => {
    const sum: Record<string, Tensor> = {};
    return transform<HeavyBall>({
      name: 'heavyBall',
      init: (params) => ({ sum: mapParams(params, ({ shape }) => zeros(shape)) }),
      update(grads, state) {
        const moved = mapParams(grads, (g, path) => keep((sum[path] ?? zeros(g.shape)).mul(beta).add(g)));
        Object.assign(sum, moved);
        return [moved, state];
      },
    });
  }),
  wrong('the others forgotten', /spread the new record/, (beta: number) =>
    transform<HeavyBall>({
      name: 'heavyBall',
      init: (params) => ({ sum: mapParams(params, ({ shape }) => zeros(shape)) }),
      update(grads, { sum }) {
        const moved = mapParams(grads, (g, path) => (sum[path] ?? zeros(g.shape)).mul(beta).add(g));
        return [moved, { sum: moved }];
      },
    }),
  ),
];

const adams = [
  wrong('no correction', /1 − β₁\^t/, (options: AdamNumbers) => adamWith(options, () => [1, 1])),
  wrong('m alone corrected', /1 − β₁\^t/, ({ beta1, ...options }: AdamNumbers) =>
    adamWith({ beta1, ...options }, (t) => [1 - beta1 ** t, 1]),
  ),
  wrong('steps counted from 0', /t = 1 in the first step/, ({ beta1, beta2, ...options }: AdamNumbers) =>
    adamWith({ beta1, beta2, ...options }, (t) => [1 - beta1 ** (t - 1), 1 - beta2 ** (t - 1)]),
  ),
  wrong('ε under the root', /not under it/, ({ beta1, beta2, epsilon }: AdamNumbers) =>
    adamWith({ beta1, beta2, epsilon: 0 }, (t) => [1 - beta1 ** t, 1 - beta2 ** t], epsilon),
  ),
  wrong('the absent leaf decays', /stay as they are/, (options: AdamNumbers) => {
    const inner = adamDirection(options);
    return transform<Moments>({
      ...inner,
      update: (grads, state, params) => {
        const all = mapParams(state.mean, (m, path) => grads[path] ?? zeros(m.shape));
        const [updates, next] = inner.update(all, state, params);
        return [mapParams(grads, (_, path) => updates[path] as Tensor), next];
      },
    });
  }),
];

/** Adam with other corrections of m and v, and something under the root. */
function adamWith(
  { beta1, beta2, epsilon }: AdamNumbers,
  corrections: (t: number) => readonly [number, number],
  under = 0,
): GradientTransform<Moments> {
  return transform<Moments>({
    name: 'adamDirection',
    init: (params) => {
      const empty = mapParams(params, ({ shape }) => zeros(shape));
      return { step: 0, mean: empty, square: empty };
    },
    update(grads, state) {
      const step = state.step + 1;
      const [first, second] = corrections(step);
      const moved = (beta: number, old: Moments['mean'], f: (g: Tensor) => Tensor) => ({
        ...old,
        ...mapParams(grads, (g, path) => (old[path] as Tensor).mul(beta).add(f(g).mul(1 - beta))),
      });
      const mean = moved(beta1, state.mean, (g) => g);
      const square = moved(beta2, state.square, (g) => g.square());
      const updates = mapParams(grads, (_, path) => {
        const root = (square[path] as Tensor).div(second).add(under).sqrt();
        return (mean[path] as Tensor).div(first).div(root.add(epsilon));
      });
      return [updates, { step, mean, square }];
    },
  });
}

const scoresOf = (q: Tensor, k: Tensor): Tensor => q.matmul(k, { transposeB: true }).div(Math.sqrt(q.shape[1] ?? 1));
const mask = (T: number, diagonal = 0): Tensor => tril(ones([T, T]), diagonal);

const attentions = [
  wrong('no mask', /mean of the values up to/, (q: Tensor, k: Tensor, v: Tensor) => softmax(scoresOf(q, k)).matmul(v)),
  wrong('masked after the softmax', /mean of the values up to/, (q: Tensor, k: Tensor, v: Tensor) =>
    softmax(scoresOf(q, k))
      .mul(mask(q.shape[0] ?? 0))
      .matmul(v),
  ),
  wrong('not itself', /up to and with its own/, (q: Tensor, k: Tensor, v: Tensor) =>
    softmax(where(mask(q.shape[0] ?? 0, -1).greater(0), scoresOf(q, k), -1e9)).matmul(v),
  ),
  wrong('no √d', /√d with d = 9/, (q: Tensor, k: Tensor, v: Tensor) =>
    softmax(where(mask(q.shape[0] ?? 0).greater(0), q.matmul(k, { transposeB: true }), -1e9)).matmul(v),
  ),
];

/** Down and up by a matrix that is made of normal numbers. */
const by =
  (matrix: (key: Key, rank: number, d: number) => Tensor) =>
  (key: Key, G: Tensor, rank: number): RoundTrip => {
    const A = matrix(key, rank, G.shape[1] ?? 0);
    const compressed = G.matmul(A, { transposeB: true });
    return { compressed, restored: compressed.matmul(A) };
  };

const projections = [
  wrong(
    'variance 1',
    /variance 1\/r/,
    by((key, r, d) => random.normal(key, [r, d])),
  ),
  wrong(
    'divided by r',
    /factor 1\/√r/,
    by((key, r, d) => random.normal(key, [r, d]).div(r)),
  ),
  wrong(
    'one A for all keys',
    /an A of its own|variance 1\/r/,
    by((_, r, d) => random.normal(random.key(0), [r, d]).mul(r ** -0.5)),
  ),
  wrong(
    'orthonormal rows',
    /variance 1\/r/,
    by((key, r, d) => linalg.svd(random.normal(key, [r, d])).vt),
  ),
  wrong('nothing is compressed', /G·Aᵀ/, (_: Key, G: Tensor): RoundTrip => ({ compressed: G, restored: G })),
];

const floras: WrongAnswer[] = [
  wrong('the old leaf is returned', /the leaf that `inner` gave/, ((G, leaf, { refresh, down, inner, up }) => {
    const renewed = refresh(leaf);
    const [M, next] = inner(renewed, down(renewed, G));
    return [up(next, M), renewed];
  }) satisfies Combine<EmaState>),
  wrong('down before the refresh', /by the new projection/, ((G, leaf, { refresh, down, inner, up }) => {
    const C = down(leaf, G);
    const [M, next] = inner(refresh(leaf), C);
    return [up(next, M), next];
  }) satisfies Combine<EmaState>),
  wrong('no refresh', /a refresh is due/, ((G, leaf, { down, inner, up }) => {
    const [M, next] = inner(leaf, down(leaf, G));
    return [up(next, M), next];
  }) satisfies Combine<EmaState>),
  wrong('the gradient is lifted, not the momentum', /half of it/, ((G, leaf, { refresh, down, inner, up }) => {
    const renewed = refresh(leaf);
    const C = down(renewed, G);
    const [, next] = inner(renewed, C);
    return [up(next, C), next];
  }) satisfies Combine<EmaState>),
];

const bound = (mse: number, beta: number): number => Math.log(1 + mse) / Math.log(1 / beta);

const intervals = [
  wrong('β^κ for the square', /not β\^κ/, (mse: number, beta: number) => Math.max(1, Math.floor(bound(mse, beta)) + 1)),
  wrong('rounded down', /at least 1|grows/, (mse: number, beta: number) => Math.floor(bound(mse, beta) / 2)),
  wrong('not rounded', /whole number/, (mse: number, beta: number) => bound(mse, beta) / 2),
  wrong('ceil', /1 is not below 1|at least 1/, (mse: number, beta: number) =>
    Math.max(1, Math.ceil(bound(mse, beta) / 2)),
  ),
];

const stateless = (f: (G: Tensor) => Tensor): GradientTransform<readonly []> =>
  transform({
    name: 'frozenLora',
    init: () => [] as const,
    update: (grads, state) => [mapParams(grads, (G) => f(G)), state],
  });

const loras = [
  wrong('not up again', /has the shape of W again/, (A: Tensor) => stateless((G) => G.matmul(A, { transposeB: true }))),
  wrong('divided by r', /nothing is inverted or scaled/, (A: Tensor) =>
    stateless((G) =>
      G.matmul(A, { transposeB: true })
        .matmul(A)
        .div(A.shape[0] ?? 1),
    ),
  ),
  wrong('the orthogonal projection', /nothing is inverted/, (A: Tensor) => {
    const { vt } = linalg.svd(A);
    return stateless((G) => G.matmul(vt, { transposeB: true }).matmul(vt));
  }),
  wrong('the gradient itself', /nothing is inverted/, () => stateless((G) => G.clone())),
];

const fresh = (A: Tensor, key: Key): Tensor => random.normal(key, A.shape).mul((A.shape[0] ?? 1) ** -0.5);

const unloadings = [
  wrong('B stays', /is the same before and after/, ({ W, B, A }: Adapted, key: Key) => ({
    W: W.add(B.matmul(A)),
    B,
    A: fresh(A, key),
  })),
  wrong('nothing is merged', /is the same before and after/, ({ W, B, A }: Adapted, key: Key) => ({
    W,
    B: zeros(B.shape),
    A: fresh(A, key),
  })),
  wrong('both factors 0', /two different A/, ({ W, B, A }: Adapted) => ({
    W: W.add(B.matmul(A)),
    B: zeros(B.shape),
    A: zeros(A.shape),
  })),
  wrong('the old directions', /nothing is left to learn/, ({ W, B, A }: Adapted) => ({
    W: W.add(B.matmul(A)),
    B: zeros(B.shape),
    A,
  })),
  wrong('variance 1', /multiply by 1\/√r/, ({ W, B, A }: Adapted, key: Key) => ({
    W: W.add(B.matmul(A)),
    B: zeros(B.shape),
    A: random.normal(key, A.shape),
  })),
  wrong('as it was', /two different A/, (adapted: Adapted) => adapted),
];

/** z of readings, with another unit. */
const z = (readings: readonly number[], expected: number, unit: (s: number, count: number) => number): number => {
  const count = readings.length;
  const mean = readings.reduce((a, b) => a + b, 0) / count;
  const s = Math.sqrt(readings.reduce((a, b) => a + (b - mean) ** 2, 0) / (count - 1));
  return (mean - expected) / unit(s, count);
};
const threshold = (falseAlarm: number): number => Math.sqrt(2 * Math.log(2 / falseAlarm));

const tests = [
  wrong(
    'two standard errors, always',
    /must grow as falseAlarm falls/,
    (readings: number[], expected: number) => Math.abs(z(readings, expected, (s, count) => s / Math.sqrt(count))) > 2,
  ),
  wrong(
    's for the mean of N',
    /s\/√N/,
    (readings: number[], expected: number, falseAlarm: number) =>
      Math.abs(z(readings, expected, (s) => s)) > threshold(falseAlarm),
  ),
  wrong(
    'one side',
    /absolute value/,
    (readings: number[], expected: number, falseAlarm: number) =>
      z(readings, expected, (s, count) => s / Math.sqrt(count)) > threshold(falseAlarm),
  ),
  wrong(
    'true where it passes',
    /convictions/,
    (readings: number[], expected: number, falseAlarm: number) => !convicts(readings, expected, falseAlarm),
  ),
  wrong(
    'an absolute distance',
    /convict/,
    (readings: number[], expected: number) => Math.abs(z(readings, expected, () => 1)) > 0.5,
  ),
];

/** By the number of the lesson. */
export const wrongAnswers: Readonly<Record<string, readonly WrongAnswer[]>> = {
  '01': broadcasting,
  '02': reverseMode,
  '03': scopes,
  '04': momenta,
  '05': adams,
  '06': attentions,
  '07': projections,
  '08': floras,
  '09': intervals,
  '10': loras,
  '11': unloadings,
  '12': tests,
};
