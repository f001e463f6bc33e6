import { LoraEmbedding } from '../adapters/methods/lora-embedding';
import { LoraLinear } from '../adapters/methods/lora-linear';
import { StateError } from '../base/errors';
import {
  checkArgument,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  type ValuesOf,
  whole,
} from '../base/options';
import type { Module } from '../nn/module';
import { assign } from '../tensor/assign';
import { noGrad } from '../tensor/derivatives/no-grad';
import { checkFiniteInput } from '../tensor/linalg/checks';
import { decompose } from '../tensor/linalg/svd';
import { fromArray } from '../tensor/ops/create';
import type { Tensor } from '../tensor/tensor';
import { inner } from './round-trip';
import { checkAlike, eachUpdate, matrixKind } from './update-spectrum';

const intruderOptions = {
  /** How many of the leading singular vectors after are looked at (default 10). */
  count: optional(whole({ low: 1 }), 10),
  /** An intruder is less similar than this to every singular vector before (default 0.5). */
  threshold: optional(number({ low: 0, high: 1 }), 0.5),
};

/** What counts as an intruder. */
export interface IntruderOptions extends OptionsOf<typeof intruderOptions> {}

const mitigateOptions = {
  ...intruderOptions,
  /** λ: what is left of the singular value of an intruder; 1 changes nothing (default 0.75). */
  lambda: optional(number({ low: 0 }), 0.75),
};

/** What counts as an intruder, and what is left of it. */
export interface MitigateIntrudersOptions extends OptionsOf<typeof mitigateOptions> {}

/** How new the leading directions of a weight are. */
export interface IntruderDimensions {
  /** c, for each of the leading left singular vectors after: its largest |cosine| with one before. */
  readonly similarities: readonly number[];
  /** The numbers of those with c below the threshold, from 0. */
  readonly intruders: readonly number[];
}

/** One adapter and the directions that it brings. */
export interface AdapterIntruders extends IntruderDimensions {
  /** Dotted path of the layer. */
  readonly path: string;
}

/**
 * Intruder dimensions: leading singular vectors of a tuned weight that are like none of the weight before,
 *
 *     W = U·Σ·Vᵀ      W + ΔW = U'·Σ'·V'ᵀ      cᵢ = maxⱼ |⟨u'ᵢ, uⱼ⟩|      intruders: i < count with cᵢ < threshold
 *
 * Adapters of low rank have more of them than full fine-tuning. The vectors of equal singular values are any basis, and
 * so are their similarities. Cost: two svds. Shapes: before, after [n, m].
 * @throws OptionError `options/…`
 * @throws ShapeError `study/shapes`
 * @throws StateError `linalg/non-finite`
 * @see Shuttleworth et al., "LoRA vs full fine-tuning: an illusion of equivalence", arXiv 2410.21228.
 * @example
 * const before = tensor([[3, 0], [0, 1]]);
 * const after = tensor([[5, 0], [4, 1]]); // the first left vector has turned
 * console.log((await intruderDimensions(before, after, { threshold: 0.9 })).intruders); // prints [ 0, 1 ]
 */
export async function intruderDimensions(
  before: Tensor,
  after: Tensor,
  options: IntruderOptions = {},
): Promise<IntruderDimensions> {
  if (arguments.length > 3) refuseExtra('intruderDimensions', arguments, 3);
  checkPair('intruderDimensions', before, after);
  const read = readOptions('intruderDimensions', intruderOptions, options, 'before, after');
  return (await compare(before, after, read)).found;
}

/**
 * `intruderDimensions` of what each adapter of a model makes of its weight, of whatever method that has a merge.
 * @throws OptionError `adapter/none`, `options/…`
 * @throws StateError `study/merged`, `study/not-mergeable`
 */
export async function adapterIntruders(
  model: Module,
  options: IntruderOptions = {},
): Promise<readonly AdapterIntruders[]> {
  if (arguments.length > 2) refuseExtra('adapterIntruders', arguments, 2);
  const read = readOptions('adapterIntruders', intruderOptions, options, 'model');
  return eachUpdate('adapterIntruders', model, async ({ path, before, after }) => {
    return { path, ...(await compare(before, after, read)).found };
  });
}

/**
 * A tuned weight with the singular values of its intruders times λ: W' = W + ΔW + (λ − 1)·Σ σ'ᵢ·u'ᵢ·v'ᵢᵀ over the
 * intruders. With λ = 1, and without intruders, it is `after` bit for bit. Shapes: before, after [n, m] → [n, m].
 * @throws OptionError `options/…`
 * @throws ShapeError `study/shapes`
 * @throws StateError `linalg/non-finite`
 * @see arXiv 2410.21228, section on scaling down intruder dimensions.
 */
export async function mitigateIntruders(
  before: Tensor,
  after: Tensor,
  options: MitigateIntrudersOptions = {},
): Promise<Tensor> {
  if (arguments.length > 3) refuseExtra('mitigateIntruders', arguments, 3);
  checkPair('mitigateIntruders', before, after);
  const { lambda, ...read } = readOptions('mitigateIntruders', mitigateOptions, options, 'before, after');
  const compared = await compare(before, after, read);
  return fromArray(Float32Array.from(lessened(compared, lambda)), after.shape);
}

/**
 * Mitigate the intruders of LoRA's adapters, in their factors: B·A becomes the nearest matrix of its rank to (W' − W)/s,
 * with W' as `mitigateIntruders` has it, and the singular values go to both factors alike, by their roots. An adapter
 * without intruders stays as it is, and with λ = 1 all do. The correction has directions of W in it, so that a rank of r
 * cannot hold all of it: measure the model again. Returns what was found, before.
 * @throws OptionError `adapter/none`, `options/…`
 * @throws StateError `study/merged`, `study/not-mergeable`, `study/not-lora`
 * @see arXiv 2410.21228, and PEFT's reduction of intruder dimensions.
 * @example
 * const model = new MLP({ sizes: [8, 8], key: random.key(0) });
 * lora(model, { rank: 2 });
 * const rows = await mitigateAdapterIntruders(model, { lambda: 0.5 });
 * console.log(rows.map(({ intruders }) => intruders)); // prints [ [] ]
 */
export async function mitigateAdapterIntruders(
  model: Module,
  options: MitigateIntrudersOptions = {},
): Promise<readonly AdapterIntruders[]> {
  if (arguments.length > 2) refuseExtra('mitigateAdapterIntruders', arguments, 2);
  const { lambda, ...read } = readOptions('mitigateAdapterIntruders', mitigateOptions, options, 'model');
  const changes: (() => void)[] = [];
  const rows = await eachUpdate('mitigateAdapterIntruders', model, async ({ path, adapter, before, after }) => {
    if (!(adapter instanceof LoraLinear || adapter instanceof LoraEmbedding) || adapter.mask !== null)
      throw notLora(path);
    const compared = await compare(before, after, read);
    if (lambda !== 1 && compared.found.intruders.length > 0) {
      const goal = lessened(compared, lambda);
      const change = Float32Array.from(goal, (w, i) => (w - (compared.old[i] as number)) / adapter.scale);
      changes.push(() => setFactors(adapter, change, before.shape as [number, number]));
    }
    return { path, ...compared.found };
  });
  for (const change of changes) change();
  return rows;
}

/** What two weights are, and what was found of them. */
interface Compared {
  readonly old: ArrayLike<number>;
  readonly now: ArrayLike<number>;
  readonly tuned: ReturnType<typeof decompose>;
  readonly found: IntruderDimensions;
}

async function compare(
  before: Tensor,
  after: Tensor,
  { count, threshold }: ValuesOf<typeof intruderOptions>,
): Promise<Compared> {
  const [n, m] = after.shape as readonly [number, number];
  const size = Math.min(n, m);
  const [old, now] = (await Promise.all([before.data(), after.data()])) as [Float32Array, Float32Array];
  for (const values of [old, now]) checkFiniteInput('svd', values);
  const { left } = decompose(old, [n, m], size);
  const tuned = decompose(now, [n, m], Math.min(count, size));
  const similarities = tuned.left.map((u) => Math.max(...left.map((v) => Math.abs(inner(u, v)))));
  const intruders = [...similarities.keys()].filter((i) => (similarities[i] as number) < threshold);
  return { old, now, tuned, found: { similarities, intruders } };
}

/** W', row by row. */
function lessened({ now, tuned: { left, lengths, right }, found }: Compared, lambda: number): Float64Array {
  const goal = Float64Array.from(now);
  if (lambda === 1) return goal;
  for (const i of found.intruders) {
    const [u, v, by] = [left[i], right[i], (lambda - 1) * (lengths[i] as number)] as [
      Float64Array,
      Float64Array,
      number,
    ];
    for (let row = 0; row < u.length; row++)
      for (let column = 0; column < v.length; column++)
        (goal[row * v.length + column] as number) += by * (u[row] as number) * (v[column] as number);
  }
  return goal;
}

/** Factors of the nearest matrix of their rank to a change of the weight over s; of an embedding that is (B·A)ᵀ. */
function setFactors(adapter: LoraLinear | LoraEmbedding, change: Float32Array, [n, m]: [number, number]): void {
  const { rank } = adapter;
  const { left, lengths, right } = decompose(change, [n, m], Math.min(rank, n, m));
  const [ofB, ofA] = adapter instanceof LoraLinear ? [left, right] : [right, left];
  const [outputs, inputs] = adapter instanceof LoraLinear ? [n, m] : [m, n];
  const entry = (columns: readonly ArrayLike<number>[], k: number, i: number): number =>
    k < columns.length ? Math.sqrt(lengths[k] as number) * ((columns[k] as ArrayLike<number>)[i] as number) : 0;
  const A = Float32Array.from({ length: rank * inputs }, (_, at) => entry(ofA, Math.floor(at / inputs), at % inputs));
  const B = Float32Array.from({ length: outputs * rank }, (_, at) => entry(ofB, at % rank, Math.floor(at / rank)));
  noGrad(() => {
    assign(adapter.A, fromArray(A, [rank, inputs]));
    assign(adapter.B, fromArray(B, [outputs, rank]));
  });
}

function checkPair(where: string, before: Tensor, after: Tensor): void {
  checkArgument(where, 'before', matrixKind, before);
  checkArgument(where, 'after', matrixKind, after);
  checkAlike(where, before, after);
}

function notLora(path: string): StateError {
  return new StateError({
    code: 'study/not-lora',
    got: `mitigateAdapterIntruders got an adapter of "${path}" that is not LoRA's, or has a mask`,
    expected: 'adapters whose change is s·B·A, as lora makes them',
    fix: 'merge the adapters, and use mitigateIntruders on the weights',
  });
}
