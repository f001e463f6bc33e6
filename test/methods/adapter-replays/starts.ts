import {
  applyUpdates,
  chain,
  dora,
  type GradientTransform,
  goraStart,
  Linear,
  type LoraGaOptions,
  linear,
  lora,
  loraGa,
  matmul,
  mul,
  noGrad,
  type Params,
  pissa,
  preconditionUp,
  random,
  reLora,
  scale,
  scaleByAdam,
  schedules,
  sum,
  type Tensor,
  tensor,
  transform,
  valueAndGrad,
} from '../../../src/index';
import { factorsOf, numbers } from '../../unit/adapters/cases';
import {
  type AdapterRecord,
  type AdapterReplay,
  allCompared,
  comparedTo,
  recorded,
  recordedTensor,
} from '../adapter-replay';
import { type Compared, type Matrix, matrix } from '../replay';

// DoRA, PiSSA, LoRA-GA and LoRA-FA as PEFT has them, GoRA's start, ReLoRA's schedule and its pruning of moments.

const number = (one: AdapterRecord, name: string): number => one.options[name] as number;

/** A layer with the recorded weight, without a bias unless there is one. */
function layerOf(one: AdapterRecord): Linear {
  const W = recordedTensor(one, 'W');
  const [out, into] = W.shape as [number, number];
  const layer = new Linear(into, out, { key: random.key(0), bias: one.bias !== undefined });
  layer.load({ weight: W, ...(one.bias !== undefined && { bias: recordedTensor(one, 'bias') }) });
  return layer;
}

/** With its first axis given signs, so that each row has a positive product with that of another; signs of an SVD are free. */
function rowsLike(rows: Tensor, like: Matrix): Tensor {
  const values = numbers(rows);
  const length = rows.shape[1] as number;
  const turned = values.map((v, i) => {
    const from = Math.floor(i / length) * length;
    const along = values.slice(from, from + length).reduce((s, x, j) => s + x * (like.data[from + j] as number), 0);
    return along < 0 ? -v : v;
  });
  return tensor(turned, { shape: [...rows.shape] });
}

const columnsLike = (columns: Tensor, { shape: [n = 0, r = 0], data }: Matrix): Tensor => {
  const turned = Array.from({ length: n * r }, (_, i) => data[(i % n) * r + Math.floor(i / n)] as number);
  return rowsLike(columns.transpose(), { shape: [r, n], data: turned }).transpose();
};

// Sums of at most 9 products in float32, and what the record has of the same, on the scale of the largest element.
const units = 32;

function doraAs(one: AdapterRecord, detached: boolean): Compared {
  const layer = layerOf(one);
  const [A, B] = [recordedTensor(one, 'A'), recordedTensor(one, 'B')];
  const rank = A.shape[0] as number;
  dora(layer, { rank, alpha: number(one, 'scaling') * rank, init: () => ({ A, B, compensated: false }) });
  const magnitude = layer.parameters()['lora.magnitude'] as Tensor;
  const [x, dy] = [recordedTensor(one, 'x'), recordedTensor(one, 'dy')];
  const whole = (): Tensor => {
    const V = layer.weight.add(matmul(factorsOf(layer).B, factorsOf(layer).A).mul(number(one, 'scaling')));
    const norms = V.square().sum({ axis: 1, keepDims: true }).sqrt();
    return linear(x, V.div(norms).mul(magnitude.reshape([-1, 1])), layer.bias ?? undefined);
  };
  const forward = (): Tensor => (detached ? layer.forward(x) : whole());
  const params: Params = { ...layer.parameters({ trainable: true }), x };
  const grads: Params = valueAndGrad(() => sum(mul(forward(), dy)), params).grads;
  const expected = one.grads as Record<'A' | 'B' | 'magnitude' | 'x', Matrix>;
  return allCompared(
    comparedTo(magnitude, recorded(one, 'initial_magnitude'), units),
    comparedTo(noGrad(forward), recorded(one, 'y'), units),
    comparedTo(grads['lora.A'] as Tensor, expected.A, units),
    comparedTo(grads.x as Tensor, expected.x, units),
    comparedTo(grads['lora.magnitude'] as Tensor, expected.magnitude, units),
    comparedTo(grads['lora.B'] as Tensor, expected.B, units),
  );
}

// The reference has its decompositions in float32: vectors of neighbouring values mix by a rounding over their distance.
const decomposed = 128;

const firstColumn = (columns: Tensor): number => {
  const r = columns.shape[1] as number;
  return Math.hypot(...numbers(columns).filter((_, i) => i % r === 0));
};

/** Factors against recorded ones, and what is left of the weight. */
function startAs(
  one: AdapterRecord,
  init: (layer: Linear) => Parameters<typeof lora>[1],
  factor = 1,
  approximate = false,
): Compared {
  const layer = layerOf(one);
  lora(layer, init(layer));
  const { A, B } = factorsOf(layer);
  const down = rowsLike(A, recorded(one, 'A'));
  const aligned = columnsLike(B, recorded(one, 'B'));
  const [ours, theirs] = [firstColumn(aligned), firstColumn(recordedTensor(one, 'B'))];
  // Where the record has σ₁(W) from a random range, which is some 1% off as its text says, the rest is compared at theirs.
  const up = approximate ? mul(aligned, theirs / ours) : aligned;
  // Where A and B have vectors of different components, their signs change the product: with those of the record.
  const turned = matmul(B, A).sub(matmul(up, down)).mul(number(one, 'scaling'));
  return allCompared(
    { differences: [Math.abs(theirs / ours - 1)], limits: [approximate ? 1e-2 : decomposed * 2 ** -24] },
    comparedTo(layer.weight.add(turned), recorded(one, 'residual'), decomposed),
    comparedTo(up, recorded(one, 'B'), decomposed),
    comparedTo(mul(down, factor), recorded(one, 'A'), decomposed),
  );
}

/** A loss whose gradient is the recorded one, wherever the weight is. */
const source = (layer: Linear, one: AdapterRecord) => ({
  loss: () => sum(mul(layer.weight, recordedTensor(one, 'G'))),
  batches: [null],
});

const scalings = { stable: 'stable', gd_scale: 'gd', unit: 'none', weight_svd: 'weight' } as const;
function loraGaAs(one: AdapterRecord, more: Partial<LoraGaOptions<null>> = {}): Compared {
  const {
    direction,
    scale: scaling,
    gamma,
  } = one.options as {
    direction: 'ArB2r' | 'A2rBr' | 'ArBr';
    scale: keyof typeof scalings;
    gamma: number;
  };
  const rank = number(one, 'rank');
  return startAs(
    one,
    (layer) => ({
      rank,
      alpha: number(one, 'scaling') * rank,
      init: loraGa({ ...source(layer, one), direction, scaling: scalings[scaling], gamma, form: 'peft', ...more }),
    }),
    1,
    scaling === 'weight_svd',
  );
}

const pissaAs = (one: AdapterRecord, power = 1): Compared => {
  const rank = number(one, 'rank');
  const s = number(one, 'scaling');
  return startAs(one, () => ({ rank, alpha: s * rank, init: pissa() }), s ** (0.5 * (power - 1)));
};

function goraAs(one: AdapterRecord, sign: 1 | -1): Compared {
  const [G, A] = [recordedTensor(one, 'G'), recordedTensor(one, 'A')];
  const [out, into] = G.shape as [number, number];
  const layer = new Linear(into, out, { key: random.key(0) });
  const before = layer.weight;
  const init = goraStart({ ...source(layer, one), gamma: number(one, 'gamma'), init: () => ({ A }) });
  lora(layer, { rank: number(one, 'rank'), alpha: number(one, 'alpha'), init });
  if (layer.weight !== before) throw new Error("GoRA's start has changed the weight");
  return comparedTo(mul(factorsOf(layer).B, sign), recorded(one, 'B'), units);
}

function loraFaAs(one: AdapterRecord, s: number): Compared {
  const init = one.init as Record<'A' | 'B', Matrix>;
  const A = matrix(init.A);
  const optimizer = chain(
    preconditionUp({ scale: s }),
    scaleByAdam({ epsilon: 1e-6, biasCorrection: 'step' }),
    scale(-number(one, 'lr')),
  );
  let params = { 'lora.A': A, 'lora.B': matrix(init.B) };
  let state = optimizer.init(params);
  const steps = one.steps as readonly Record<'A' | 'B', Matrix>[];
  const compared = steps.map(({ B }, t) => {
    const G = matrix((one.grads as readonly Matrix[])[t] as Matrix);
    const grads = { 'lora.B': mul(matmul(G, A, { transposeB: true }), one.gradient_scale as number) };
    const [updates, next] = optimizer.update(grads, state, params);
    state = next;
    params = { ...params, 'lora.B': params['lora.B'].add(updates['lora.B'] as Tensor) };
    // Each step adds roundings of Adam's quotient of about 1, of the inverse's condition, and of the sum.
    return comparedTo(params['lora.B'], B, units * (t + 1));
  });
  return allCompared(...compared);
}

function scheduleAs(one: AdapterRecord, warmedUpTo: 'wave' | 'top'): Compared {
  const steps = number(one, 'num_training_steps');
  const restartWarmup = number(one, 'restart_warmup_steps');
  const restartEvery = number(one, 'restart_every');
  const rate = schedules.cosineWithRestarts({
    peak: 1,
    steps,
    warmup: number(one, 'first_warmup_steps'),
    restartEvery,
    restartWarmup,
    to: number(one, 'min_lr_ratio'),
  });
  const at = (t: number): number => {
    const since = t % restartEvery;
    return warmedUpTo === 'top' && t >= restartEvery && since < restartWarmup ? since / restartWarmup : rate(t);
  };
  const recordedValues = one.multipliers as readonly number[];
  const off = recordedValues.map((m, t) => Math.abs(at(t) - m));
  return { differences: [Math.max(...off)], limits: [1e-9] }; // nine digits
}

function pruningAs(one: AdapterRecord, ratio: number): Compared {
  const input = recordedTensor(one, 'input');
  const [rank, into] = input.shape as [number, number];
  const layer = new Linear(into, 4, { key: random.key(0) });
  const keeps: GradientTransform<{ moments: { 'lora.A': Tensor } }> = transform({
    init: () => ({ moments: { 'lora.A': input } }),
    update: (grads, state) => [grads, state],
  });
  const staged = reLora(layer, { rank, stageSteps: 1, inner: keeps, pruning: 'magnitude', pruneRatio: ratio });
  const trained = layer.parameters({ trainable: true });
  const none = Object.fromEntries(Object.entries(trained).map(([path, t]) => [path, t.mul(0)]));
  const [updates, state] = staged.transform.update(none, staged.transform.init(trained), layer.parameters());
  applyUpdates(layer.parameters(), updates);
  return comparedTo(state.inner.moments['lora.A'], recorded(one, 'output'), 1);
}

export const startsReplays: readonly AdapterReplay[] = [
  {
    file: 'dora',
    name: 'fresh',
    follow: (one) => doraAs(one, true),
    unlike: (one) => doraAs(one, false),
  },
  { file: 'pissa', name: '6x9-r2', follow: (one) => pissaAs(one), unlike: (one) => pissaAs(one, 2) },
  ...['6x9-r2-ArB2r-stable', '6x9-r2-A2rBr-gd_scale', '6x9-r2-ArB2r-unit', '9x6-r3-ArB2r-weight_svd'].map(
    (name): AdapterReplay => ({
      file: 'lora-ga',
      name,
      follow: (one) => loraGaAs(one),
      unlike: (one) => loraGaAs(one, { direction: 'ArBr' }),
    }),
  ),
  {
    file: 'lora-ga',
    name: '9x6-r3-ArBr-stable',
    follow: (one) => loraGaAs(one),
    unlike: (one) => loraGaAs(one, { form: 'authors' }),
  },
  { file: 'gora-init', name: 'gamma', follow: (one) => goraAs(one, -1), unlike: (one) => goraAs(one, 1) },
  {
    file: 'lora-fa',
    name: 'lorafa',
    follow: (one) => loraFaAs(one, number(one, 'scaling')),
    unlike: (one) => loraFaAs(one, 1),
  },
  {
    file: 'relora-schedule',
    name: 'cosine-restarts',
    follow: (one) => scheduleAs(one, 'wave'),
    unlike: (one) => scheduleAs(one, 'top'),
  },
  {
    file: 'relora-pruning',
    name: '0.5',
    follow: (one) => pruningAs(one, number(one, 'ratio')),
    unlike: (one) => pruningAs(one, 0.9),
  },
];
