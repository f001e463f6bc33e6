import { someAdaptersOf } from '../adapters/adapters-of';
import { ShapeError, StateError } from '../base/errors';
import { checkArgument, kindOf, refuseExtra } from '../base/options';
import { type Shape, sameShape } from '../base/shape';
import type { Adaptable, Adapter } from '../nn/adapter';
import type { Module } from '../nn/module';
import { noGrad } from '../tensor/derivatives/no-grad';
import { checkFiniteInput } from '../tensor/linalg/checks';
import { decompose } from '../tensor/linalg/svd';
import type { Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';

/** What singular values say of the change of a weight. */
export interface UpdateSpectrum {
  /** σ, descending; as many as the smaller side has. */
  readonly singularValues: readonly number[];
  /**
   * How many singular values are above max(n, m)·2⁻²³·max|W|, with W the weight after: what rounding the entries of two
   * weights to float32 can make of no change at all.
   */
  readonly numericalRank: number;
  /** exp(−Σ p·ln p) with p = σ/Σσ: from 1, where one direction counts, to the rank, where all count alike. 0 of no change. */
  readonly effectiveRank: number;
  /** The share of ‖ΔW‖² in the first r singular values is `energy[r − 1]`; all are 0 of no change. */
  readonly energy: readonly number[];
}

/** One adapter and what it changes. */
export interface AdapterSpectrum extends UpdateSpectrum {
  /** Dotted path of the layer. */
  readonly path: string;
  /** Shape of its weight. */
  readonly shape: Shape;
}

/** A weight. */
export const matrixKind = kindOf<Tensor>(
  'a float32 tensor [out, in]',
  (value) => isTensor(value) && value.ndim === 2 && value.dtype === 'float32',
);

/**
 * The singular values of after − before, and what they say of its rank. Cost: an svd.
 * Shapes: before, after [n, m].
 * @throws OptionError `options/type`
 * @throws ShapeError `study/shapes` for weights of two shapes
 * @see Roy and Vetterli, "The effective rank: a measure of effective dimensionality", EUSIPCO 2007, for `effectiveRank`.
 * @example
 * const before = tensor([[1, 0], [0, 1]]);
 * const after = tensor([[1, 3], [0, 1]]);
 * const { numericalRank, energy } = await updateSpectrum(before, after);
 * console.log(numericalRank, energy); // prints 1 [ 1, 1 ]
 */
export async function updateSpectrum(before: Tensor, after: Tensor): Promise<UpdateSpectrum> {
  if (arguments.length > 2) refuseExtra('updateSpectrum', arguments, 2);
  checkArgument('updateSpectrum', 'before', matrixKind, before);
  checkArgument('updateSpectrum', 'after', matrixKind, after);
  checkAlike('updateSpectrum', before, after);
  return spectrumOf(before, after);
}

async function spectrumOf(before: Tensor, after: Tensor): Promise<UpdateSpectrum> {
  const [n, m] = after.shape as readonly [number, number];
  const [old, now] = (await Promise.all([before.data(), after.data()])) as [Float32Array, Float32Array];
  const size = now.reduce((largest, w) => Math.max(largest, Math.abs(w)), 0);
  const change = Float32Array.from(now, (w, i) => w - (old[i] as number));
  checkFiniteInput('svd', change);
  const { lengths } = decompose(change, [n, m], Math.min(n, m));
  const rounding = Math.max(n, m) * 2 ** -23 * size;
  return {
    singularValues: lengths,
    numericalRank: lengths.filter((length) => length > rounding).length,
    effectiveRank: effectiveRank(lengths),
    energy: cumulative(lengths.map((length) => length ** 2)),
  };
}

/** exp of the entropy of the values as shares of their sum. */
function effectiveRank(lengths: readonly number[]): number {
  const sum = lengths.reduce((a, b) => a + b, 0);
  if (sum === 0) return 0;
  const shares = lengths.map((length) => length / sum).filter((share) => share > 0);
  return Math.exp(-shares.reduce((entropy, share) => entropy + share * Math.log(share), 0));
}

/** Running sums as shares of the whole. */
function cumulative(squares: readonly number[]): number[] {
  const whole = squares.reduce((a, b) => a + b, 0);
  let sum = 0;
  return squares.map((square) => {
    sum += square;
    return whole === 0 ? 0 : Math.min(1, sum / whole);
  });
}

/**
 * `updateSpectrum` of what each adapter of a model would put into its weight, of whatever method that has a merge.
 * @throws OptionError `adapter/none`
 * @throws StateError `study/merged`, `study/not-mergeable`
 * @example
 * const model = new MLP({ sizes: [8, 8], key: random.key(0) });
 * lora(model, { rank: 2 });
 * console.log((await adapterSpectra(model)).map(({ path, numericalRank }) => [path, numericalRank])); // prints [ [ 'layers.0', 0 ] ]
 */
export async function adapterSpectra(model: Module): Promise<readonly AdapterSpectrum[]> {
  if (arguments.length > 1) refuseExtra('adapterSpectra', arguments, 1);
  return eachUpdate('adapterSpectra', model, async ({ path, before, after }) => {
    return { path, shape: after.shape, ...(await spectrumOf(before, after)) };
  });
}

/** A weight without an adapter and with it. */
export interface Update {
  readonly path: string;
  readonly adapter: Adapter;
  readonly before: Tensor;
  readonly after: Tensor;
}

/** Measure all adapters of a model, one after the other. */
export async function eachUpdate<Row>(
  where: string,
  model: Module,
  measure: (update: Update) => Promise<Row>,
): Promise<readonly Row[]> {
  const found = someAdaptersOf(where, model);
  for (const { path, layer, adapter } of found) checkMeasured(where, path, layer, adapter);
  const rows: Row[] = [];
  for (const { path, layer, adapter } of found) {
    const before = layer.weight;
    const after = noGrad(() => adapter.mergedInto?.(before, 1)) as Tensor;
    rows.push(await measure({ path, adapter, before, after }));
  }
  return rows;
}

function checkMeasured(where: string, path: string, { weight }: Adaptable, adapter: Adapter): void {
  if (adapter.merged)
    throw new StateError({
      code: 'study/merged',
      got: `${where} got an adapter of "${path}" that is in its weight already`,
      expected: 'adapters beside their weights',
      fix: 'call unmergeAdapters(model) first, or measure a copy of the weight from before',
    });
  if (adapter.mergedInto === undefined || weight.ndim !== 2)
    throw new StateError({
      code: 'study/not-mergeable',
      got: `${where} got an adapter of "${path}" that changes no matrix`,
      expected: 'adapters with a method mergedInto, of weights [out, in]',
      fix: 'measure the weights of other layers with updateSpectrum and intruderDimensions',
    });
}

/** @throws ShapeError `study/shapes` */
export function checkAlike(where: string, before: Tensor, after: Tensor): void {
  if (sameShape(before.shape, after.shape)) return;
  throw new ShapeError({
    code: 'study/shapes',
    got: `${where} got weights [${before.shape.join(', ')}] and [${after.shape.join(', ')}]`,
    expected: 'the same weight before and after',
    fix: 'pass the weights of one layer',
  });
}
