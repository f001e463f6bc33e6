import { seedKind } from '../../base/key';
import { boolean, choice, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { Linear } from '../../nn/layers/linear';
import { type Module, matchKind } from '../../nn/module';
import { extent } from '../../nn/options';
import type { AdapterReport } from '../attach';
import { attachLowRank, describedLowRank } from '../attach-low-rank';
import { initKind, linearFactors } from '../starts/first-factors';
import { SparseAdapter } from './sparse-adapter';

const lorsOptions = {
  /** r (default 16). */
  rank: optional(extent, 16),
  /** α (default 8). */
  alpha: optional(number(), 8),
  /** s = α/√r in place of α/r (default true). */
  rankStabilized: optional(boolean, true),
  /** Which `Linear` layers, by their path; a string matches everything below it too (default: all). */
  match: optional(matchKind),
  /** How the factors start (default 'kaiming'); the paper's is `gradientSvd`. */
  init: optional(initKind, 'kaiming'),
  /** What first values are drawn from (default 0). */
  seed: optional(seedKind, 0),
  /**
   * `lors` (default), or a baseline with exact gradients: `sqft` masks by ordinary ops, `sp-lora` makes the masked weight
   * again in the backward pass, `spp` multiplies, W ⊙ (1 + s·B·A).
   */
  method: optional(choice('lors', 'sqft', 'sp-lora', 'spp'), 'lors'),
};

/** Size, scale, which layers, and how. */
export interface LorsOptions extends OptionsOf<typeof lorsOptions> {}

/**
 * LoRS: low-rank adapters of a pruned model (see `prune`) that leave its zeros zero, while training and after `mergeAdapters`.
 * The mask is read off the weight wherever it is needed and stored nowhere. The gradients of the factors ignore it, which
 * is what makes them cheap and biased: `lorsLinear` says how. All parameters that belong to no adapter are frozen.
 * @throws OptionError `adapter/no-match`, `options/…`
 * @see LoRS, arXiv 2501.08582.
 * @example
 * const model = new MLP({ sizes: [64, 64, 10], key: random.key(0) });
 * prune(model, { sparsity: 0.5 });
 * lors(model, { rank: 4 });
 * const loss = () => mean(square(model.forward(ones([2, 64]))));
 * const { grads } = valueAndGrad(loss, model.parameters({ trainable: true }));
 * console.log(Object.keys(grads).length); // prints 4
 */
export function lors(model: Module, options: LorsOptions = {}): AdapterReport {
  if (arguments.length > 2) refuseExtra('lors', arguments, 2);
  const read = readOptions('lors', lorsOptions, options, 'model');
  const { rank, alpha, rankStabilized, match, init, seed, method } = read;
  const report = attachLowRank(
    'lors',
    model,
    { rank, alpha, rankStabilized, match, seed, settings: read },
    (site, layer) => {
      if (!(layer instanceof Linear)) return 'not a Linear, which alone is pruned';
      const { shift, ...factors } = linearFactors('lors', init, site);
      return { adapter: new SparseAdapter(factors, site.scale, method), shift };
    },
  );
  return describedLowRank(report);
}
