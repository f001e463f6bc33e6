import { fold, seedKind } from '../../base/key';
import { boolean, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { initializers } from '../../nn/initializers';
import { type Module, matchKind } from '../../nn/module';
import { extent } from '../../nn/options';
import { zeros } from '../../tensor/ops/create';
import type { AdapterReport } from '../attach';
import { attachLowRank, describedLowRank } from '../attach-low-rank';
import { notAMatrix } from '../matrix-layers';
import { linearFactors } from '../starts/first-factors';
import { GatedLora } from './gated-lora';

const soraOptions = {
  /** r, the most components that a layer can keep (default 8). */
  rank: optional(extent, 8),
  /** α (default 16): the change is s·B·diag(g)·A with s = α/r, for the r that training starts with. */
  alpha: optional(number(), 16),
  /** s = α/√r in place of α/r (default false). */
  rankStabilized: optional(boolean, false),
  /** Probability of zeroing an element of what the adapter sees, where `forward` gets a key (default 0). */
  dropout: optional(number({ low: 0, high: 1 }), 0),
  /** Which layers, by their path; a string matches everything below it too (default: all whose weight is a matrix). */
  match: optional(matchKind),
  /** What first values are drawn from (default 0). */
  seed: optional(seedKind, 0),
};

/** Size, scale, and which layers. */
export interface SoraOptions extends OptionsOf<typeof soraOptions> {}

/**
 * SoRA: LoRA at a generous rank with a gate on each component, W + s·B·diag(g)·A, which `soraGate` makes sparse in training,
 * so that every layer comes to a rank of its own; `compact` then removes the components whose gate is 0, and the outputs
 * stay. A starts as in LoRA, B at 0 and the gates from N(0, 1), so that the function stays until B has moved.
 *
 * Pitfall: the published loss has λ·mean|g| too, which asks for the same sparsity a second time; here it is asked for once.
 * @throws OptionError `adapter/no-match`, `options/…`
 * @see Ding et al., "Sparse low-rank adaptation of pre-trained language models", EMNLP 2023, arXiv 2311.11696.
 * @example
 * const model = new MLP({ sizes: [8, 8], key: random.key(0) });
 * const { adapted } = sora(model, { rank: 4 });
 * console.log(adapted[0]?.scale, Object.keys(model.parameters({ trainable: true })).length); // prints 4 3
 */
export function sora(model: Module, options: SoraOptions = {}): AdapterReport {
  if (arguments.length > 2) refuseExtra('sora', arguments, 2);
  const read = readOptions('sora', soraOptions, options, 'model');
  const { dropout, ...attached } = read;
  const report = attachLowRank('sora', model, { ...attached, settings: read }, (site, layer) => {
    const refusal = notAMatrix(layer);
    if (refusal !== null) return refusal;
    const { A } = linearFactors('sora', 'kaiming', site);
    const gate = initializers.normal(fold(site.key, 'gate'), [site.rank], 1);
    const factors = { A, B: zeros([site.shape[0] as number, site.rank]), gate };
    return { adapter: new GatedLora(factors, site.scale, dropout), shift: false };
  });
  return describedLowRank(report);
}
