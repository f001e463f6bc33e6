import { OptionError } from '../base/errors';
import { fold } from '../base/key';
import {
  callable,
  checkArgument,
  choice,
  kindOf,
  number,
  optional,
  readOptionsOf,
  refuseExtra,
  required,
  type SpecificationOf,
  whole,
} from '../base/options';
import { valueAndGrad } from '../tensor/derivatives/grad';
import { free } from '../tensor/lifetime';
import { randomizedSvd } from '../tensor/linalg/randomized-svd';
import type { SVD } from '../tensor/linalg/svd';
import { fromArray } from '../tensor/ops/create';
import { add } from '../tensor/ops/elementwise/add';
import { mul } from '../tensor/ops/elementwise/mul';
import { gather } from '../tensor/ops/movement/gather';
import { transpose } from '../tensor/ops/movement/transpose';
import { permute } from '../tensor/ops/random/random';
import { runInScope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';
import type { AdapterSite, Factors } from './first-factors';

/** What gradients are averaged over. */
export interface GradientSource<Batch> {
  /** The scalar that will be minimised, of the model that gets the adapters. */
  readonly loss: (batch: Batch) => Tensor;
  /** Each gives one gradient; LoRS takes 128 samples in all. */
  readonly batches: readonly Batch[];
}

const source = {
  loss: required(callable<GradientSource<unknown>['loss']>('of a batch that returns a scalar tensor')),
  batches: required(kindOf<readonly unknown[]>('an array of batches', Array.isArray)),
};

/** How LoRS's factors start. */
export interface GradientSvdOptions<Batch> extends GradientSource<Batch> {
  /** γ (default 1). */
  readonly gamma?: number;
}

const gradientSvdOptions = {
  ...source,
  gamma: optional(number(), 1),
} satisfies SpecificationOf<GradientSvdOptions<unknown>>;

/** How LoRA-GA makes factors of singular vectors. */
export interface LoraGaOptions<Batch> extends GradientSource<Batch> {
  /**
   * Which of the 2r leading singular vectors: `ArB2r` (default) the first r right ones for A and the next r left ones for
   * B, `A2rBr` the other way round, `ArBr` every other one, `random` a random split.
   */
  readonly direction?: 'ArB2r' | 'A2rBr' | 'ArBr' | 'random';
  /** `stable` (default): both factors times out^¼/√γ; `gd`: both over s; `none`. */
  readonly scaling?: 'stable' | 'gd' | 'none';
  /** γ of `stable` (default 16). */
  readonly gamma?: number;
}

const loraGaOptions = {
  ...source,
  direction: optional(choice('ArB2r', 'A2rBr', 'ArBr', 'random'), 'ArB2r'),
  scaling: optional(choice('stable', 'gd', 'none'), 'stable'),
  gamma: optional(number({ low: Number.MIN_VALUE }), 16),
} satisfies SpecificationOf<LoraGaOptions<unknown>>;

/**
 * LoRS's start: A [r, in] are the r leading right singular vectors of the mean gradient of the weight, over γ, and B is
 * 0, so that the function stays.
 * @throws OptionError `gradient-init/batches`, `options/…`
 * @see LoRS, arXiv 2501.08582.
 * @example
 * const model = new MLP({ sizes: [8, 8], key: random.key(0) });
 * const loss = (x: Tensor) => mean(square(model.forward(x)));
 * lors(model, { rank: 2, init: gradientSvd({ loss, batches: [ones([4, 8])] }) });
 * console.log(model.parameters()['layers.0.lora.A']?.shape); // prints [ 2, 8 ]
 */
export function gradientSvd<Batch>(options: GradientSvdOptions<Batch>): (site: AdapterSite) => Factors {
  if (arguments.length > 1) refuseExtra('gradientSvd', arguments, 1);
  const { gamma, ...source } = readOptionsOf<GradientSvdOptions<Batch>, typeof gradientSvdOptions>(
    'gradientSvd',
    gradientSvdOptions,
    options,
  );
  checkBatches('gradientSvd', source.batches);
  return (site) => ({ A: mul(leading('gradientSvd', site, source, site.rank).vt, 1 / gamma) });
}

/**
 * LoRA-GA's start: both factors are singular vectors of the mean gradient of the weight, and s·B·A is taken out of the
 * weight, so that the function stays. Needs 2·rank ≤ min(out, in).
 * @throws OptionError `gradient-init/batches`, `options/…`
 * @see LoRA-GA, arXiv 2407.05000.
 * @example
 * const model = new MLP({ sizes: [8, 8], key: random.key(0) });
 * const loss = (x: Tensor) => mean(square(model.forward(x)));
 * lora(model, { rank: 2, init: loraGa({ loss, batches: [ones([4, 8])] }) });
 */
export function loraGa<Batch>(options: LoraGaOptions<Batch>): (site: AdapterSite) => Factors {
  if (arguments.length > 1) refuseExtra('loraGa', arguments, 1);
  const { direction, scaling, gamma, ...source } = readOptionsOf<LoraGaOptions<Batch>, typeof loraGaOptions>(
    'loraGa',
    loraGaOptions,
    options,
  );
  checkBatches('loraGa', source.batches);
  return (site) =>
    runInScope('loraGa', () => {
      const { u, vt } = leading('loraGa', site, source, 2 * site.rank);
      const [ofA, ofB] = directions[direction](site);
      const outputs = site.weight.shape[0] as number;
      const factor = scaling === 'stable' ? outputs ** 0.25 / Math.sqrt(gamma) : scaling === 'gd' ? 1 / site.scale : 1;
      return { A: mul(gather(vt, ofA), factor), B: mul(transpose(gather(transpose(u), ofB)), factor) };
    });
}

/** Which of the 2r vectors A gets, and which B. */
const directions = {
  ArB2r: ({ rank }: AdapterSite) => [from(rank, 0, 1), from(rank, rank, 1)] as const,
  A2rBr: ({ rank }: AdapterSite) => [from(rank, rank, 1), from(rank, 0, 1)] as const,
  ArBr: ({ rank }: AdapterSite) => [from(rank, 0, 2), from(rank, 1, 2)] as const,
  random({ rank, key }: AdapterSite) {
    const order = permute(fold(key, 'direction'), 2 * rank);
    return [order.slice(0, rank), order.slice(rank)].map((list) => fromArray(list, [rank])) as [Tensor, Tensor];
  },
};

/** start, start + step, … int32 [count] */
function from(count: number, start: number, step: number): Tensor {
  return fromArray(
    Int32Array.from({ length: count }, (_, i) => start + step * i),
    [count],
  );
}

/** The leading singular vectors of the mean gradient, by a random range of min(4r, out, in) columns. */
function leading<Batch>(where: string, site: AdapterSite, source: GradientSource<Batch>, count: number): SVD {
  const smaller = Math.min(...site.weight.shape);
  checkArgument(where, count === site.rank ? 'rank' : '2·rank', whole({ low: 1, high: smaller }), count);
  return runInScope(where, () => {
    const gradient = meanGradient(site.weight, source);
    const width = Math.min(4 * site.rank, smaller);
    return randomizedSvd(gradient, { rank: count, width, key: fold(site.key, 'svd') });
  });
}

/** One weight at a time: no other gradient of a weight is formed, and one sum of this one is alive. */
function meanGradient<Batch>(weight: Tensor, { loss, batches }: GradientSource<Batch>): Tensor {
  let sum: Tensor | null = null;
  for (const batch of batches) {
    const before: Tensor | null = sum;
    sum = runInScope('meanGradient', () => {
      const { grads } = valueAndGrad(() => loss(batch), { weight });
      return before ? add(before, grads.weight) : grads.weight;
    });
    if (before) free(before.value, 'meanGradient');
  }
  return mul(sum as Tensor, 1 / batches.length);
}

function checkBatches(where: string, batches: readonly unknown[]): void {
  if (batches.length > 0) return;
  throw new OptionError({
    code: 'gradient-init/batches',
    got: `${where} got no batches`,
    expected: 'at least one batch to take gradients on',
    fix: 'pass a few batches of the training data',
  });
}
