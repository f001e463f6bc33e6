import { fold, seedKind } from '../../base/key';
import { checkArgument, number, type OptionsOf, optional, readOptions, refuseExtra, whole } from '../../base/options';
import { initializers } from '../../nn/initializers';
import { type Module, matchKind } from '../../nn/module';
import { extent } from '../../nn/options';
import { svd } from '../../tensor/linalg/svd';
import { full } from '../../tensor/ops/create';
import { mul } from '../../tensor/ops/elementwise/mul';
import { runInScope } from '../../tensor/scope';
import type { Tensor } from '../../tensor/tensor';
import type { AdapterReport } from '../attach';
import { attachLowRank, describedLowRank } from '../attach-low-rank';
import { notAMatrix } from '../matrix-layers';
import { NestedLora } from './nested-lora';

const noraOptions = {
  /** r, how many singular vectors of the weight the outer factors have (default 64). */
  rank: optional(extent, 64),
  /** k, the rank of the change (default ⌊r/40⌋ as in the authors' program, but at least 1): an adapter trains 2·r·k + k numbers. */
  inner: optional(extent),
  /** α (default 8): s = α/√r. */
  alpha: optional(number(), 8),
  /** Probability of zeroing an element of what the adapter sees, where `forward` gets a key (default 0). */
  dropout: optional(number({ low: 0, high: 1 }), 0),
  /** Which layers, by their path; a string matches everything below it too (default: all with a weight [out, in]). */
  match: optional(matchKind),
  /** What first values are drawn from (default 0). */
  seed: optional(seedKind, 0),
};

/** Sizes, scale, and which layers. */
export interface NoraOptions extends OptionsOf<typeof noraOptions> {}

/**
 * NoRA: s·(U·Σ)·B·diag(d)·A·Vᵀ with the r leading singular vectors and values of the weight, which stay as they are, around
 * a small pair B [r, k], A [k, r] and d [k], which are trained. The weight keeps what the outer factors have of it.
 *
 * The small pair is drawn from N(0, 10⁻¹⁰) and d is 0.1. So the function moves at the start, but by some r·s·10⁻¹¹ of what the
 * layer computes, far below float32's rounding: the outputs are the same, to the rounding of one sum.
 * A weight with fewer than r rows or columns is left alone, and the report says so. The outer factors are frozen parameters,
 * '….lora.outerA' and '….lora.outerB', that take a full singular value decomposition of each weight, on the CPU.
 * @throws OptionError `adapter/no-match`, `options/…`
 * @throws StateError `linalg/non-finite` for a weight that is not finite
 * @see NoRA, "nested low-rank adaptation for efficient fine-tuning large models", arXiv 2408.10280.
 * @example
 * const model = new MLP({ sizes: [64, 32], key: random.key(0) });
 * console.log(nora(model, { rank: 16, inner: 2 }).trainable); // prints 66
 */
export function nora(model: Module, options: NoraOptions = {}): AdapterReport {
  if (arguments.length > 2) refuseExtra('nora', arguments, 2);
  const read = readOptions('nora', noraOptions, options, 'model');
  const { rank, inner: k = Math.max(1, Math.floor(rank / 40)) } = read;
  checkArgument('nora', 'inner', whole({ low: 1, high: rank }), k);
  const report = attachLowRank(
    'nora',
    model,
    { ...read, rankStabilized: true, settings: read },
    ({ weight, scale, key }, layer) => {
      const refusal = notAMatrix(layer);
      if (refusal !== null) return refusal;
      if (Math.min(...weight.shape) < rank) return `a weight of fewer than ${rank} rows or columns, the rank`;
      const draw = (name: string, shape: readonly number[]): Tensor =>
        initializers.normal(fold(key, name), shape, 1e-5);
      const inner = { A: draw('A', [k, rank]), B: draw('B', [rank, k]), d: full([k], 0.1) };
      return {
        adapter: new NestedLora({ ...inner, ...outerFactors(weight, rank) }, scale, read.dropout),
        shift: false,
      };
    },
  );
  return describedLowRank(report);
}

/** U·Σ [out, r] and Vᵀ [r, in]. */
function outerFactors(weight: Tensor, rank: number): { readonly outerA: Tensor; readonly outerB: Tensor } {
  return runInScope('nora', () => {
    const { u, s, vt } = svd(weight, { rank });
    return { outerA: vt, outerB: mul(u, s) };
  });
}
