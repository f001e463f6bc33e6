import { readFileSync } from 'node:fs';
import {
  compress,
  dequantise,
  ema,
  lazyRefresh,
  type Projector,
  projectors,
  type QuantiseOptions,
  quantise,
  quantised,
  random,
  type StoredProjection,
  type Tensor,
  zeros,
} from '../../../src/index';
import { firstRefresh } from '../../support/refresh';
import { type Compared, type Matrix, matrix, type Replay } from '../replay';

// The quantiser of the published code, rounding by rounding, and its lazy refresh.

interface Rounded {
  readonly codes: Matrix;
  readonly scales: Matrix;
  readonly zeros: Matrix;
}

interface QuantiserRecord extends Rounded {
  readonly input: Matrix;
  readonly options: { readonly group_size: number; readonly bits: 4 | 8 };
  readonly uniform?: Matrix;
  readonly statistics?: { readonly draws: number; readonly mean: Matrix; readonly variance: Matrix };
  readonly dequantised: Matrix;
}

interface LazyRecord {
  readonly options: { readonly gap: number; readonly rank: number; readonly bits: 4; readonly scale: number };
  readonly grads: readonly [Matrix];
  readonly first: Rounded & { readonly low: Matrix; readonly back: Matrix };
  readonly steps: readonly { readonly refreshed: boolean; readonly gap: number; readonly queue: readonly number[] }[];
}

function recordOf<R>(name: string): R {
  const { cases } = JSON.parse(readFileSync('test/golden/methods/qgalore.json', 'utf8')) as {
    cases: { name: string }[];
  };
  return cases.find((one) => one.name === name) as R;
}

/** Nine digits say which float32 number it was. */
const unequal = (got: ArrayLike<number>, { data }: Matrix): number =>
  data.filter((x, i) => Math.fround(x) !== got[i]).length;

const codesOf = (words: Int32Array, bits: number, count: number): number[] =>
  Array.from(
    { length: count },
    (_, j) => ((words[Math.floor((j * bits) / 32)] as number) >>> ((j * bits) % 32)) & (2 ** bits - 1),
  );

/** How many codes, scales, zeros and values are not those of the record: none may be. */
function followRounding(name: string, changed: QuantiseOptions = {}): Compared {
  const { input, options, uniform, statistics, ...recorded } = recordOf<QuantiserRecord>(name);
  const x = matrix(input);
  const { bits, group_size } = options;
  const rule = { bits, reference: true, ...(group_size > 0 && { groupSize: group_size }) };
  const q = quantise(x, { ...rule, ...(uniform && { noise: matrix(uniform).reshape(input.shape) }), ...changed });
  const differences = [
    unequal(codesOf(q.words.dataSync() as Int32Array, bits, x.size), recorded.codes),
    unequal(q.scales.dataSync(), recorded.scales),
    unequal(q.zeros.dataSync(), recorded.zeros),
    unequal(dequantise(q).dataSync(), recorded.dequantised),
  ];
  const none = differences.map(() => 0.5);
  if (!statistics) return { differences, limits: none };
  // 20 means of 400 draws beside 20 of 4000: beyond 5.7 deviations once in 4 million such comparisons.
  const draws = 400;
  const sum = new Float64Array(x.size);
  for (let draw = 0; draw < draws; draw++) {
    const noise = random.uniform(random.fold(random.key(1), draw), x.shape);
    dequantise(quantise(x, { ...rule, noise, ...changed }))
      .dataSync()
      .forEach((value, i) => {
        sum[i] = (sum[i] as number) + value;
      });
  }
  const off = statistics.mean.data.map((mean, i) => {
    const variance = Math.max(statistics.variance.data[i] as number, 0) * (1 / draws + 1 / statistics.draws);
    return Math.abs((sum[i] as number) / draws - mean) / (Math.sqrt(variance) + 1e-6);
  });
  return { differences: [Math.max(...off), ...differences], limits: [5.7, ...none] };
}

/** svd with the signs that the program's factorization gave these singular vectors. */
function signedAs(recorded: Tensor): Projector<StoredProjection> {
  const { svd } = projectors;
  return {
    ...svd,
    refresh(p, gradient, context) {
      const { matrix: A, ...made } = svd.refresh?.(p, gradient, context) ?? p;
      return { ...made, matrix: A.mul(A.mul(recorded).sum({ axis: 1, keepDims: true }).sign()) };
    },
  };
}

/** The first refresh in numbers, and when the others come for a gradient that hardly changes. */
function followLazy(name: string, changed: { factor?: number } = {}): Compared {
  const { options, grads, first, steps } = recordOf<LazyRecord>(name);
  const [G] = [matrix(grads[0])];
  const { bits, rank, gap, scale } = options;
  const parts = { codes: matrix(first.codes), zeros: matrix(first.zeros), scales: matrix(first.scales) };
  const P = parts.codes.sub(parts.zeros).mul(parts.scales); // [n, r], on the left
  const projector = quantised(lazyRefresh(signedAs(P.transpose()), { signed: true, ...changed }), {
    bits,
    reference: true,
  });
  const sample = projector.sample(random.key(0), G.shape, rank);
  const p = projector.refresh?.(sample, G, firstRefresh(random.key(0))) ?? sample;
  const low = projector.down(p, G);
  const largest = (got: Tensor, { data }: Matrix): number =>
    Math.max(...Array.from(got.dataSync(), (x, i) => Math.abs(x - (data[i] as number))));

  const transform = compress({ projector, rank, inner: ema({ decay: 0 }), refreshEvery: gap, onRefresh: 'keep' });
  let state = transform.init({ w: zeros(G.shape) });
  const unlike = steps.filter(({ refreshed, gap: interval, queue }, step) => {
    const before = state.leaves.w?.projection;
    const w = G.add(random.normal(random.fold(random.key(2), step), G.shape).mul(0.05));
    state = transform.update({ w }, state, {})[1];
    const { projection } = state.leaves.w as NonNullable<typeof state.leaves.w>;
    const { every, seen, similarities } = projection.lazy;
    // The gradients of later steps are not in the record: their similarities are near 1 there and here.
    const near = similarities.slice(5 - queue.length).every((x, i) => Math.abs(x - (queue[i] as number)) < 0.02);
    return (
      (projection !== before) !== refreshed || every * gap !== interval || Math.min(seen, 5) !== queue.length || !near
    );
  });
  // Both factorizations are float32: entries of P are some 10 roundings from the true ones, and a code changes only where
  // one lies that near to the middle between two. Then P is the same, and low and back are sums of 6 and 3 products.
  return {
    differences: [
      unequal(codesOf(p.matrix.dataSync() as Int32Array, bits, first.codes.data.length), first.codes),
      unequal(p.quantised.zeros.dataSync(), first.zeros),
      largest(p.quantised.scales, first.scales),
      largest(low, first.low),
      largest(projector.up(p, low).mul(scale), first.back),
      unlike.length,
    ],
    limits: [0.5, 0.5, 2e-7, 1e-5, 1e-5, 0.5],
  };
}

const file = 'qgalore';

export const qGaloreReplays: readonly Replay[] = [
  { file, name: 'int8-rows', follow: () => followRounding('int8-rows') },
  { file, name: 'int4-rows', follow: () => followRounding('int4-rows') },
  {
    file,
    name: 'int4-stochastic-group-5',
    follow: () => followRounding('int4-stochastic-group-5'),
    unlike: () => followRounding('int4-stochastic-group-5', { noise: zeros([2, 10]) }),
  },
  {
    file,
    name: 'constant-row',
    follow: () => followRounding('constant-row'),
    unlike: () => followRounding('constant-row', { reference: false }),
  },
  {
    file,
    name: 'steady-wide',
    follow: () => followLazy('steady-wide'),
    unlike: () => followLazy('steady-wide', { factor: 3 }),
  },
];
