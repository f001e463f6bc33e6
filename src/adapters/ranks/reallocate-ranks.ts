import { OptionError, StateError } from '../../base/errors';
import { type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import type { Adapter } from '../../nn/adapter';
import type { Module } from '../../nn/module';
import { extent } from '../../nn/options';
import { noGrad } from '../../tensor/derivatives/no-grad';
import { qr } from '../../tensor/linalg/qr';
import { svd } from '../../tensor/linalg/svd';
import { fromArray } from '../../tensor/ops/create';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { gather } from '../../tensor/ops/movement/gather';
import { reshape } from '../../tensor/ops/movement/reshape';
import { transpose } from '../../tensor/ops/movement/transpose';
import { matmul } from '../../tensor/ops/products/matmul';
import { someAdaptersOf } from '../adapters-of';
import type { AttachedLayer } from '../attach';
import { inherit } from '../compact';
import type { LowRankFactors } from '../low-rank-adapter';
import { LoraEmbedding } from '../methods/lora-embedding';
import { LoraLinear } from '../methods/lora-linear';
import { asSmaller } from '../origin';
import { unmasked } from '../rank-mask';

const reallocateOptions = {
  /** Numbers that all adapters together may have. */
  parameters: optional(extent),
  /** Components of a layer, the mean over the layers that have an adapter. */
  rank: optional(extent),
};

/** One of the two. */
export interface ReallocateOptions extends OptionsOf<typeof reallocateOptions> {}

/** What has become of the ranks. */
export interface Reallocation {
  /** Each layer that had an adapter of LoRA, in the order of fields. */
  readonly layers: readonly {
    /** Dotted path of the layer. */
    readonly path: string;
    /** r before. */
    readonly before: number;
    /** r now; 0 where the layer has no adapter any more. */
    readonly after: number;
  }[];
  /** The least singular value that was kept. */
  readonly threshold: number;
  /** √Σσ² of what was dropped: how far the changes of all weights together have moved. */
  readonly error: number;
}

/**
 * PARA: give the adapters of a model ranks of their own after LoRA has been trained at a generous rank, without data. The
 * singular values σ of all changes s·B·A are put in one order, and the largest are kept, over all layers together, as many as
 * fit; B ← U·√(σ/s), A ← √(σ/s)·Vᵀ, with the scale of the layer as it was. No other choice of as many components changes the
 * weights less. A layer that keeps none loses its adapter. A trainer of the model has to be made again.
 *
 * They come from QR factors of B and A and a decomposition [r, r]: no matrix of a weight's size is formed. Singular values below
 * the rounding of float32, 2^−22 of a layer's largest, are dropped in any case. Other kinds of adapters stay as they are.
 * @throws OptionError `ranks/budget`, `adapter/none`, `options/…`
 * @throws StateError `ranks/merged` where an adapter is merged into its weight
 * @see PARA, arXiv 2604.27796.
 * @example
 * const model = new MLP({ sizes: [8, 8, 8], key: random.key(0) });
 * lora(model, { rank: 4 });
 * model.load({ ...model.state(), 'layers.1.lora.B': ones([8, 4]) }); // as training has left it
 * const { layers } = await reallocateRanks(model, { rank: 2 });
 * console.log(layers.map(({ path, after }) => `${path} ${after}`)); // prints [ 'layers.0 0', 'layers.1 1' ]
 */
export async function reallocateRanks(model: Module, options: ReallocateOptions): Promise<Reallocation> {
  if (arguments.length > 2) refuseExtra('reallocateRanks', arguments, 2);
  const found = someAdaptersOf('reallocateRanks', model).filter(isLora);
  if (found.length === 0) throw noLora();
  const budget = readBudget(readOptions('reallocateRanks', reallocateOptions, options, 'model'), found);
  const merged = found.find(({ adapter }) => adapter.merged);
  if (merged) throw inWeight(merged.path);
  const parts = await Promise.all(found.map(async ({ adapter }) => decomposed(adapter)));
  const costs = found.map(({ adapter: { A, B } }) => (A.size + B.size) / (A.shape[0] as number));
  const order = parts
    .flatMap(({ values }, layer) => values.map((sigma) => ({ sigma, layer, cost: costs[layer] as number })))
    .sort((a, b) => b.sigma - a.sigma);
  const kept = parts.map(() => 0);
  let [spent, threshold, taken] = [0, 0, 0];
  for (const { sigma, layer, cost } of order) {
    spent += budget.unit === 'components' ? 1 : cost;
    if (spent > budget.most) break;
    kept[layer] = (kept[layer] as number) + 1;
    threshold = sigma;
    taken++;
  }
  if (taken === 0 && order.length > 0) throw tooSmall(budget.most, order[0]?.cost ?? 0);
  const layers = found.map(({ path, layer, adapter }, i) => {
    const after = kept[i] as number;
    const next = after === 0 ? null : refactored(adapter, parts[i] as Decomposed, after);
    if (next) inherit(next, adapter);
    layer.lora = next;
    return { path, before: adapter.rank, after };
  });
  const error = Math.hypot(...order.slice(taken).map(({ sigma }) => sigma));
  return { layers, threshold, error };
}

type Lora = LoraLinear | LoraEmbedding;

function isLora(one: AttachedLayer<Adapter>): one is AttachedLayer<Lora> {
  return one.adapter instanceof LoraLinear || one.adapter instanceof LoraEmbedding;
}

/** An adapter in components of its own: singular vectors. */
interface Decomposed {
  /** σ of s·B·A, descending. */
  readonly values: readonly number[];
  /** B = U·√(σ/s) and A = √(σ/s)·Vᵀ, as many components or more; null where a mask has left nothing. */
  readonly factors: LowRankFactors | null;
}

/** Singular values, without those that rounding alone has made, and factors with a component for each. */
async function decomposed(adapter: Lora): Promise<Decomposed> {
  const own = await unmasked(adapter);
  if (!own) return { values: [], factors: null };
  const { scale } = adapter;
  const { A, B, s } = noGrad(() => {
    const [b, a] = [qr(own.B), qr(transpose(own.A))]; // B = Q_B·R_B, Aᵀ = Q_A·R_A
    const { u, s, vt } = svd(matmul(b.r, a.r, { transposeB: true }));
    const root = sqrt(s);
    const down = mul(matmul(vt, a.q, { transposeB: true }), reshape(root, [s.size, 1]));
    return { B: mul(matmul(b.q, u), root), A: down, s };
  });
  const sigmas = Array.from(await s.data());
  const least = 2 ** -22 * (sigmas[0] ?? 0);
  const values = sigmas.filter((x) => x > least).map((x) => Math.abs(scale) * x);
  return { values, factors: { A, B } };
}

/** The adapter with the first components. */
function refactored(adapter: Lora, { factors }: Decomposed, count: number): Lora {
  const { A, B } = noGrad(() => leading(factors as LowRankFactors, count));
  const made =
    adapter instanceof LoraLinear
      ? new LoraLinear({ A, B }, adapter.scale, adapter.dropout)
      : new LoraEmbedding({ A, B }, adapter.scale);
  return asSmaller<Lora>('lora', made, adapter);
}

function leading({ A, B }: LowRankFactors, count: number): LowRankFactors {
  const first = fromArray(
    Int32Array.from({ length: count }, (_, i) => i),
    [count],
  );
  return { A: gather(A, first), B: transpose(gather(transpose(B), first)) };
}

interface Budget {
  readonly most: number;
  readonly unit: 'numbers' | 'components';
}

/** @throws OptionError `ranks/budget` */
function readBudget(
  { parameters, rank }: { readonly parameters: number | undefined; readonly rank: number | undefined },
  found: readonly AttachedLayer<Lora>[],
): Budget {
  if (parameters !== undefined && rank === undefined) return { most: parameters, unit: 'numbers' };
  if (rank !== undefined && parameters === undefined) return { most: rank * found.length, unit: 'components' };
  throw new OptionError({
    code: 'ranks/budget',
    got: `reallocateRanks got ${rank === undefined ? 'neither parameters nor rank' : 'both parameters and rank'}`,
    expected: 'one of them',
    fix: 'write { rank: 4 } for four components a layer in the mean',
  });
}

function noLora(): OptionError {
  return new OptionError({
    code: 'adapter/none',
    got: 'reallocateRanks got a model whose adapters are all of other methods',
    expected: 'one that lora has been called on',
    fix: 'call compact(model) for adapters with a mask or a gate of their own',
  });
}

function tooSmall(parameters: number, cost: number): OptionError {
  return new OptionError({
    code: 'ranks/budget',
    got: `reallocateRanks got a budget of ${parameters} numbers`,
    expected: `at least the ${cost} of the largest component`,
    fix: 'allow more, or call removeAdapters(model) for none',
  });
}

function inWeight(path: string): StateError {
  return new StateError({
    code: 'ranks/merged',
    got: `reallocateRanks got an adapter of "${path}" that is merged into its weight`,
    expected: 'adapters beside their weights, out of which the old change can still be taken',
    fix: 'call unmergeAdapters(model) first',
  });
}
