import {
  gradientSvd,
  Linear,
  type LorsOptions,
  linear,
  lors,
  mergeAdapters,
  mul,
  type Params,
  preconditionPairs,
  random,
  sum,
  type Tensor,
  tensor,
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
import type { Compared, Matrix } from '../replay';

// LoRS, its start and its baselines as the authors' repository has them, and the preconditioner of PEFT.

const shapeOf = (one: AdapterRecord, field: string): readonly [number, number] =>
  recorded(one, field).shape as [number, number];

/** A layer with the recorded weight and adapters of a method, whose factors are these. */
function adapted(one: AdapterRecord, method: LorsOptions['method'], factors: Params): Linear {
  const [outputs, inputs] = shapeOf(one, 'W');
  const layer = new Linear(inputs, outputs, { key: random.key(0), bias: one.bias !== undefined });
  const rank = factors.A?.shape[0] as number;
  lors(layer, { method, rank, alpha: (one.options.scaling as number) * rank, rankStabilized: false });
  layer.load({
    weight: recordedTensor(one, 'W'),
    ...(one.bias !== undefined && { bias: recordedTensor(one, 'bias') }),
    'lora.A': factors.A as Tensor,
    'lora.B': factors.B as Tensor,
  });
  return layer;
}

/** What the layer makes of the recorded input, and the gradients of what is trained, of the bias and of x, under dy. */
function outcome(layer: Linear, one: AdapterRecord): { y: Tensor; grads: Params } {
  const x = recordedTensor(one, 'x');
  const params = { ...layer.parameters({ trainable: true }), ...(layer.bias && { bias: layer.bias }), x };
  const y = layer.forward(x);
  const { grads } = valueAndGrad(() => sum(mul(layer.forward(x), recordedTensor(one, 'dy'))), params);
  return { y, grads };
}

/**
 * Of the layer's sizes: sums of at most in + r products, and of one term for each of the rows of x. The program leaves s out of the
 * gradients of the factors; here they have it.
 */
function compared(one: AdapterRecord, method: 'lors' | 'sqft', scale: number): Compared {
  const layer = adapted(one, method, { A: recordedTensor(one, 'A'), B: recordedTensor(one, 'B') });
  const { y, grads } = outcome(layer, one);
  const [fieldOfY, fieldOfGrads] = method === 'lors' ? ['y', 'grads'] : ['sqft_y', 'sqft_grads'];
  const theirs = one[fieldOfGrads as string] as Readonly<Record<string, Matrix>>;
  const ofFactor = (name: 'A' | 'B'): Compared =>
    comparedTo(mul(grads[`lora.${name}`] as Tensor, 1 / scale), theirs[name] as Matrix, chain);
  return allCompared(
    comparedTo(y, recorded(one, fieldOfY as string), chain),
    comparedTo(grads.x as Tensor, theirs.x as Matrix, chain),
    comparedTo(grads.bias as Tensor, theirs.bias as Matrix, chain),
    ofFactor('A'),
    ofFactor('B'),
  );
}

/** Roundings of a sum of at most twenty products of numbers that are rounded themselves, twice over. */
const chain = 64;

function lorsOf(one: AdapterRecord, scale = one.options.scaling as number): Compared {
  // SQFT's record has no s in its product at all: its adapter is of scale 1.
  const unscaled = { ...one, options: { ...one.options, scaling: 1 } };
  const layer = adapted(one, 'lors', { A: recordedTensor(one, 'A'), B: recordedTensor(one, 'B') });
  mergeAdapters(layer);
  return allCompared(
    comparedTo(layer.weight, recorded(one, 'merged'), chain),
    compared(unscaled, 'sqft', 1),
    compared(one, 'lors', scale),
  );
}

/** SPP's diag(c)·Ã, where each row of A is there n/r times, is B·A with c in the places of its own rows of A. */
function sppOf(one: AdapterRecord, repeats = true): Compared {
  const [outputs] = shapeOf(one, 'W');
  const [rank] = shapeOf(one, 'A');
  const c = recorded(one, 'c').data;
  const rowOf = (i: number): number => (repeats ? Math.floor((i * rank) / outputs) : i % rank);
  const B = tensor(c.map((value, i) => Array.from({ length: rank }, (_, k) => (k === rowOf(i) ? value : 0))));
  const { y, grads } = outcome(adapted(one, 'spp', { A: recordedTensor(one, 'A'), B }), one);
  const theirs = one.grads as Readonly<Record<string, Matrix>>;
  const ofB = numbers(grads['lora.B']);
  const ofC = tensor(Array.from({ length: outputs }, (_, i) => ofB[i * rank + rowOf(i)] as number));
  return allCompared(
    comparedTo(grads.x as Tensor, theirs.x as Matrix, chain),
    comparedTo(grads['lora.A'] as Tensor, theirs.A as Matrix, chain),
    comparedTo(ofC, theirs.c as Matrix, chain),
    comparedTo(y, recorded(one, 'y'), chain),
  );
}

/** A of the mean gradient, up to the sign of each row, from a loss whose gradient is the recorded one. */
function startOf(one: AdapterRecord, gamma = one.options.gamma as number): Compared {
  const G = recordedTensor(one, 'G');
  const [outputs, inputs] = shapeOf(one, 'G');
  const layer = new Linear(inputs, outputs, { key: random.key(0), bias: false });
  const loss = (): Tensor => sum(mul(linear(tensor(identity(inputs)), layer.weight), G.transpose()));
  lors(layer, { rank: one.options.rank as number, init: gradientSvd({ loss, batches: [null], gamma }) });
  const { A, B } = factorsOf(layer);
  const own = numbers(A);
  const theirs = recorded(one, 'A').data;
  const signed = own.map((a, at) => {
    const from = Math.floor(at / inputs) * inputs;
    const along = own.slice(from, from + inputs).reduce((dot, x, j) => dot + x * (theirs[from + j] as number), 0);
    return along < 0 ? -a : a;
  });
  // Both are vectors of a decomposition in float32.
  return allCompared(comparedTo(B, recorded(one, 'B'), 1), comparedTo(tensor(signed), recorded(one, 'A'), 256));
}

const identity = (n: number): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));

function preconditioned(one: AdapterRecord, damping = one.options.reg as number): Compared {
  const params = { 'lora.A': recordedTensor(one, 'A'), 'lora.B': recordedTensor(one, 'B') };
  const grads = { 'lora.A': recordedTensor(one, 'dA'), 'lora.B': recordedTensor(one, 'dB') };
  const transform = preconditionPairs({ damping });
  const [updates] = transform.update(grads, transform.init(params), params);
  // An inverse [3, 3], whose condition amplifies the roundings of what it is taken of.
  const units = 64 * Math.max(...[params['lora.A'], params['lora.B'].transpose()].map(conditionOfGram));
  return allCompared(
    comparedTo(updates['lora.A'] as Tensor, recorded(one, 'dA_out'), units),
    comparedTo(updates['lora.B'] as Tensor, recorded(one, 'dB_out'), units),
  );
}

/** At most the condition number of x·xᵀ: its trace to the power of r over its determinant, for r = 3. */
function conditionOfGram(x: Tensor): number {
  const rows = matrixOf(x);
  const gram = rows.map((a) => rows.map((b) => a.reduce((dot, value, j) => dot + value * (b[j] as number), 0)));
  const [[a, b, c], [d, e, f], [g, h, i]] = gram as [
    [number, number, number],
    [number, number, number],
    [number, number, number],
  ];
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  const trace = a + e + i;
  return (trace / 3) ** 3 / determinant;
}

const matrixOf = (x: Tensor): number[][] => {
  const [rows, columns] = x.shape as [number, number];
  const values = numbers(x);
  return Array.from({ length: rows }, (_, i) => values.slice(i * columns, (i + 1) * columns));
};

export const prunedReplays: readonly AdapterReplay[] = [
  ...['6x9-r2-density0.5', '5x7-r2-density1.0'].map(
    (name): AdapterReplay => ({
      file: 'lors',
      name,
      follow: (one) => lorsOf(one),
      unlike: (one) => lorsOf(one, 1),
    }),
  ),
  { file: 'lors-init', name: 'gamma-2', follow: (one) => startOf(one), unlike: (one) => startOf(one, 1) },
  { file: 'spp', name: 'multiplicative', follow: (one) => sppOf(one), unlike: (one) => sppOf(one, false) },
  {
    file: 'riemannian',
    name: 'reg-0.01',
    follow: (one) => preconditioned(one),
    unlike: (one) => preconditioned(one, 1),
  },
];
