import { fold, seedKind } from '../../base/key';
import { boolean, kindOf, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import type { Shape } from '../../base/shape';
import { initializers } from '../../nn/initializers';
import { type Module, matchKind } from '../../nn/module';
import { extent } from '../../nn/options';
import { zeros } from '../../tensor/ops/create';
import type { Tensor } from '../../tensor/tensor';
import type { AdapterReport } from '../attach';
import { attachLowRank, describedLowRank } from '../attach-low-rank';
import { notAMatrix } from '../matrix-layers';
import { NestedLora } from './nested-lora';

const extents = kindOf<readonly [a: number, b: number]>(
  'two whole numbers ≥ 1, [a, b]',
  (value) => Array.isArray(value) && value.length === 2 && extent.fits(value[0]) && extent.fits(value[1]),
  'options/range',
);

const loraMiniOptions = {
  /** r (default 8): an adapter trains r·(a + b) numbers. */
  rank: optional(extent, 8),
  /** α (default 8): the change is s·Bₒ·B·A·Aₒ with s = α/r. */
  alpha: optional(number(), 8),
  /** s = α/√r, so that the size of what a layer learns does not fall with the rank (default false). */
  rankStabilized: optional(boolean, false),
  /**
   * [a, b], the extents that the trained pair stands between: Bₒ is [out, a] and Aₒ [b, in] (default [64, 64], which is ours). The
   * change has a rank up to min(r, a, b).
   */
  inner: optional(extents, [64, 64]),
  /** Probability of zeroing an element of what the adapter sees, where `forward` gets a key (default 0). */
  dropout: optional(number({ low: 0, high: 1 }), 0),
  /** Which layers, by their path; a string matches everything below it too (default: all with a weight [out, in]). */
  match: optional(matchKind),
  /** What first values are drawn from (default 0). */
  seed: optional(seedKind, 0),
};

/** Sizes, scale, and which layers. */
export interface LoraMiniOptions extends OptionsOf<typeof loraMiniOptions> {}

/**
 * LoRA-Mini: each factor of LoRA is split in two, and of s·Bₒ·B·A·Aₒ only the inner pair B [a, r], A [r, b] is trained. All but B
 * start as LoRA's A, uniform in ±1/√fan, and B at 0, so that the function stays. The columns of the change stay among
 * those that Bₒ [out, a] was drawn with, in the whole training.
 *
 * The outer factors are frozen parameters, '….lora.outerA' and '….lora.outerB', and a function of seed and path: what
 * `model.parameters({ trainable: true })` has is enough to load into a model with the same adapters, `strict: false`.
 * @throws OptionError `adapter/no-match`, `options/…`
 * @see LoRA-Mini, arXiv 2411.15804.
 * @example
 * const model = new MLP({ sizes: [64, 64], key: random.key(0) });
 * console.log(loraMini(model, { rank: 4, inner: [16, 8] }).trainable); // prints 96
 */
export function loraMini(model: Module, options: LoraMiniOptions = {}): AdapterReport {
  if (arguments.length > 2) refuseExtra('loraMini', arguments, 2);
  const read = readOptions('loraMini', loraMiniOptions, options, 'model');
  const [a, b] = read.inner;
  const report = attachLowRank('loraMini', model, { ...read, settings: read }, ({ rank, scale, key, shape }, layer) => {
    const refusal = notAMatrix(layer);
    if (refusal !== null) return refusal;
    const [outputs, inputs] = shape as readonly [number, number];
    const draw = (name: string, of: Shape): Tensor =>
      initializers.uniform(fold(key, name), of, 1 / Math.sqrt(of[1] as number));
    const inner = { A: draw('A', [rank, b]), B: zeros([a, rank]) };
    const outer = { outerA: draw('outerA', [b, inputs]), outerB: draw('outerB', [outputs, a]) };
    return { adapter: new NestedLora({ ...inner, ...outer }, scale, read.dropout), shift: false };
  });
  return describedLowRank(report);
}
