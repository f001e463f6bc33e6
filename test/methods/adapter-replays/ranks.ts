import {
  adaLora,
  type GoraRanksOptions,
  goraRanks,
  Linear,
  mul,
  type Params,
  random,
  type Schedule,
  Sequential,
  type SoraGateOptions,
  schedules,
  sgd,
  sitesOf,
  sora,
  soraGate,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
  weLoreCounts,
  zeros,
} from '../../../src/index';
import {
  type AdapterRecord,
  type AdapterReplay,
  adapterRecords,
  allCompared,
  comparedTo,
  recorded,
  recordedTensor,
} from '../adapter-replay';
import type { Compared, Matrix } from '../replay';

/** Two lists of whole numbers, which must be the same. */
function same(actual: readonly number[], expected: readonly number[]): Compared {
  if (actual.length !== expected.length)
    throw new Error(`got ${actual.length} numbers, the record has ${expected.length}`);
  return { differences: [Math.max(...actual.map((x, i) => Math.abs(x - (expected[i] as number))))], limits: [0.05] };
}

// --- SoRA

function gateSteps(one: AdapterRecord, changed: Partial<SoraGateOptions> = {}): Compared {
  const { lr, sparse_lambda: lambda, weight_decay: weightDecay = 0 } = one.options as Record<string, number>;
  const scaled = one.name.includes('times-lr');
  const step = soraGate({
    learningRate: lr as number,
    lambda: lambda as number,
    scaled,
    weightDecay,
    rule: 'published',
    ...changed,
  });
  const [grads, weights] = [one.grads, one.weights] as [readonly Matrix[], readonly Matrix[]];
  let params: Params = { gate: recordedTensor(one, 'init') };
  let state = step.init(params);
  const differences = grads.map(({ data }, i) => {
    const [updates, next] = step.update({ gate: tensor(data) }, state, params);
    params = { gate: (params.gate as Tensor).add(updates.gate as Tensor) };
    state = next;
    return comparedTo(params.gate as Tensor, weights[i] as Matrix, 1).differences[0] as number;
  });
  // A step of 0.05 with some ten relative roundings, and three sums of numbers below 1: 1.2e-7 in each of eight steps.
  const limits = differences.map((_, i) => (i + 1) * 2 ** -23 + 5e-9);
  // The worst once more, last: gates that two rules treat otherwise are 0 by both in the end.
  return { differences: [...differences, Math.max(...differences)], limits: [...limits, limits.at(-1) as number] };
}

function gateForward(one: AdapterRecord, scale = one.options.scaling as number): Compared {
  const [A, B, x, dy] = ['A', 'B', 'x', 'dy'].map((name) => recordedTensor(one, name)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const layer = new Linear(7, 5, { bias: false, key: random.key(0) });
  sora(layer, { rank: 4, alpha: 4 * scale });
  const gate = tensor(recorded(one, 'gate').data);
  layer.load({ weight: zeros([5, 7]), 'lora.A': A, 'lora.B': B, 'lora.gate': gate });
  const y = layer.forward(x);
  const loss = () => sum(mul(layer.forward(x), dy));
  const { grads } = valueAndGrad(loss, { ...layer.parameters({ trainable: true }), 'lora.x': x });
  const expected = one.grads as Readonly<Record<string, Matrix>>;
  // Sums of at most seven products of products of four, and of thirty for the factors.
  return allCompared(
    ...Object.entries(grads).map(([path, g]) => comparedTo(g, expected[path.replace('lora.', '')] as Matrix, 64)),
    comparedTo(y, recorded(one, 'y'), 32),
  );
}

const raised: Readonly<Record<string, (from: number, to: number, steps: number) => Schedule>> = {
  'threshold-linear': (from, to, steps) => schedules.linear({ from, to, steps }),
  'threshold-exp_linear': (from, to, steps) => schedules.exponentialDecay({ from, to, rate: to / from, steps }),
  'threshold-times-lr-log_linear': (from, to, steps) => schedules.logLinear({ from, to, steps }),
};

function thresholds(one: AdapterRecord, made: (typeof raised)[string] | undefined): Compared {
  const { start, max, num } = one.options as Readonly<Record<string, number>>;
  const at = made?.(start as number, max as number, (num as number) - 1) as Schedule;
  const off = (one.lambdas as readonly number[]).map((expected, i) => Math.abs(at(i) - expected));
  return { differences: [Math.max(...off)], limits: [5e-10] }; // nine digits, in float64
}

const soraReplays: readonly AdapterReplay[] = [
  {
    file: 'sora',
    name: 'threshold-plain',
    follow: (one) => gateSteps(one),
    unlike: (one) => gateSteps(one, { rule: 'proximal' }),
  },
  { file: 'sora', name: 'threshold-lambda-zero', follow: (one) => gateSteps(one) },
  {
    file: 'sora',
    name: 'threshold-times-lr-decay',
    follow: (one) => gateSteps(one),
    unlike: (one) => gateSteps(one, { scaled: false }),
  },
  { file: 'sora-forward', name: 'gate', follow: (one) => gateForward(one), unlike: (one) => gateForward(one, 1) },
  ...Object.entries(raised).map(([name, made]) => ({
    file: 'sora-schedule',
    name,
    follow: (one: AdapterRecord) => thresholds(one, made),
    ...(name !== 'threshold-linear' && {
      unlike: (one: AdapterRecord) => thresholds(one, raised['threshold-linear']),
    }),
  })),
];

// --- GoRA

interface GoraLayer {
  readonly W: Matrix;
  readonly G: Matrix;
}

const importanceOf = { union_frobenius_norm: 'product', grad_nuc_norm: 'nuclear' } as const;

function goraShares(one: AdapterRecord, changed: Partial<GoraRanksOptions<null>> = {}): Compared {
  const { options } = one;
  // The layers of the other cases are those of the first.
  const layers = (one.layers ?? adapterRecords('gora-rank')[0]?.layers) as readonly GoraLayer[];
  const model = new Sequential(
    layers.map(({ W: { shape, data } }) => {
      const [outputs, inputs] = shape as [number, number];
      const layer = new Linear(inputs, outputs, { bias: false, key: random.key(0) });
      layer.load({ weight: tensor(data, { shape }) });
      return layer;
    }),
  );
  const sites = sitesOf(model).map(({ path, layer: { weight } }) => ({ path, weight, shape: weight.shape }));
  const gradients = layers.map(({ G: { shape, data } }) => tensor(data, { shape }));
  const loss = (): Tensor =>
    sites.map(({ weight }, i) => sum(mul(weight, gradients[i] as Tensor))).reduce((total, part) => total.add(part));
  const policy = goraRanks({
    loss,
    batches: [null],
    rank: options.lora_rank as number,
    minRank: options.gora_min_rank as number,
    maxRank: options.gora_max_rank as number,
    importance: importanceOf[options.gora_importance_type as keyof typeof importanceOf],
    rounding: options.gora_allocate_stretagy === 'conserved' ? 'down' : 'nearest',
    cost: options.gora_features_func === 'sqrt' ? 'sqrt' : 'linear',
    ...changed,
  });
  const importances = one.importances as readonly number[];
  const ranks = policy.ranks(sites).map(({ rank }) => rank);
  const numbers = ranks.reduce(
    (total, rank, i) => total + rank * ((sites[i]?.shape[0] ?? 0) + (sites[i]?.shape[1] ?? 0)),
    0,
  );
  return allCompared(
    // Its sums are float32 too, of 128 terms at most: some hundred roundings at the worst, half of them ours.
    comparedTo(tensor(policy.importances(sites)), { data: importances as number[] }, 128),
    same([numbers], [one.actual as number]),
    same(ranks, one.ranks as readonly number[]),
  );
}

const goraReplays: readonly AdapterReplay[] = [
  {
    file: 'gora-rank',
    name: 'default-union-frobenius',
    follow: (one) => goraShares(one),
    unlike: (one) => goraShares(one, { cost: 'sqrt' }),
  },
  {
    file: 'gora-rank',
    name: 'grad-nuclear',
    follow: (one) => goraShares(one),
    unlike: (one) => goraShares(one, { importance: 'product' }),
  },
  {
    file: 'gora-rank',
    name: 'floor-sqrt-features',
    follow: (one) => goraShares(one),
    unlike: (one) => goraShares(one, { cost: 'linear' }),
  },
];

// --- WeLore

function pruned(one: AdapterRecord, changed: (s: readonly number[]) => number[] = (s) => [...s]): Compared {
  const spectra = (one.spectra as readonly (readonly Matrix[])[]).flat().map(({ data }) => changed(data));
  const counts = weLoreCounts(spectra, { threshold: one.options.threshold as number });
  return same(counts.pruned, (one.pruned as readonly (readonly number[])[]).flat());
}

// --- AdaLoRA

/** The names of the record as ours: 'layer0.lora_E.default' is 'layer0.lora.gate'. */
function renamed(leaves: Readonly<Record<string, Matrix>>): Params {
  const names = { A: 'A', E: 'gate', B: 'B' } as const;
  return Object.fromEntries(
    Object.entries(leaves).map(([name, { shape, data }]) => {
      const [, layer, part] = /^(\w+)\.lora_([AEB])/.exec(name) as unknown as [string, string, keyof typeof names];
      return [`${layer}.lora.${names[part]}`, tensor(data, part === 'E' ? {} : { shape })];
    }),
  );
}

function allocated(one: AdapterRecord, changed: { readonly final?: number } = {}): Compared {
  const o = one.options as Readonly<Record<string, number>>;
  const policy = adaLora({
    inner: sgd({ learningRate: o.sgd_lr as number }),
    steps: o.total_step as number,
    initialRank: o.rank as number,
    rank: o.target_r as number,
    warmup: o.tinit as number,
    final: o.tfinal as number,
    every: o.deltaT as number,
    beta1: o.beta1 as number,
    beta2: o.beta2 as number,
    orthogonality: 0,
    ...changed,
  });
  let params = renamed(one.init as Readonly<Record<string, Matrix>>);
  let state = policy.transform.init(params);
  const steps = one.steps as unknown as readonly {
    readonly step: number;
    readonly budget: number;
    readonly grads: Readonly<Record<string, Matrix>>;
    readonly E: Readonly<Record<string, Matrix>>;
  }[];
  const compared = steps.flatMap(({ step, budget, grads, E }) => {
    const [updates, next] = policy.transform.update(renamed(grads), state, params);
    params = Object.fromEntries(
      Object.entries(params).map(([path, p]) => [path, updates[path] ? p.add(updates[path] as Tensor) : p]),
    );
    state = next;
    const gates = Object.entries(renamed(E)).map(([path, expected]) => {
      const [ours, theirs] = [params[path] as Tensor, expected].map((t) => Array.from(t.dataSync())) as [
        number[],
        number[],
      ];
      return { ours, theirs };
    });
    const shut = same(
      gates.flatMap(({ ours }) => ours.map((g) => Number(g === 0))),
      gates.flatMap(({ theirs }) => theirs.map((g) => Number(g === 0))),
    );
    // Two roundings of numbers below 2 in each step.
    const values = gates.map(({ ours, theirs }) => comparedTo(tensor(ours), { data: theirs }, 2 * step));
    return [same([policy.plan(step, 3).budget], [budget]), ...values, shut];
  });
  return allCompared(...compared);
}

function budgets(one: AdapterRecord, every = one.options.deltaT as number): Compared {
  const o = one.options as Readonly<Record<string, number>>;
  const policy = adaLora({
    inner: sgd({ learningRate: 1 }),
    steps: o.total_step as number,
    initialRank: o.init_budget as number,
    rank: o.target_budget as number,
    warmup: o.tinit as number,
    final: o.tfinal as number,
    every,
  });
  const plans = (one.budgets as readonly number[]).map((_, step) => policy.plan(step, 1));
  return allCompared(
    same(
      plans.map(({ budget }) => budget),
      one.budgets as readonly number[],
    ),
    same(
      plans.map(({ masks }) => Number(masks)),
      (one.mask as readonly boolean[]).map(Number),
    ),
  );
}

/** The recorded cases of adapters whose rank changes, and of what chooses ranks. */
export const ranksReplays: readonly AdapterReplay[] = [
  ...soraReplays,
  ...goraReplays,
  {
    file: 'we-lore',
    name: 'threshold-0.1',
    follow: (one) => pruned(one),
    // Over the largest alone: with the least at 0 it is the same rule.
    unlike: (one) => pruned(one, (s) => [...s.map((x) => x / Math.max(...s)), 0]),
  },
  {
    file: 'ada-lora',
    name: 'allocator',
    follow: (one) => allocated(one),
    unlike: (one) => allocated(one, { final: 0 }),
  },
  {
    file: 'ada-lora-schedule',
    name: 'budget',
    follow: (one) => budgets(one),
    unlike: (one) => budgets(one, 1),
  },
];
