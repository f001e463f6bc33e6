import { type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { Linear } from '../../nn/layers/linear';
import type { Module } from '../../nn/module';
import { extent } from '../../nn/options';
import { noGrad } from '../../tensor/derivatives/no-grad';
import { add } from '../../tensor/ops/elementwise/add';
import type { AdapterReport } from '../attach';
import { attachLowRank, describedLowRank } from '../attach-low-rank';
import { initKind, linearFactors } from '../starts/first-factors';
import { DoraLinear, productOf, rowNorms } from './dora-linear';
import { loraOptionsWithoutInit } from './lora';

const { freezeA: _, match, ...ofLora } = loraOptionsWithoutInit;

const doraOptions = {
  ...ofLora,
  /** r (default 8): an adapter of a weight [n, m] has r·(n + m) + n numbers. */
  rank: optional(extent, 8),
  /** Which `Linear` layers, by their path: a string matches everything below it too (default: all). */
  match,
  /** How the factors start (default 'kaiming'). */
  init: optional(initKind, 'kaiming'),
};

/** Size, scale, which layers, and how the factors start. */
export interface DoraOptions extends OptionsOf<typeof doraOptions> {}

/**
 * DoRA: train the length of each row of a weight and its direction apart, W' = diag(k)·V with V = W + s·B·A and
 * k = magnitude/‖rows of V‖, and freeze all else. The first magnitudes are the norms of the rows, so that the function is
 * the same at the start for any A and B.
 *
 * The norms in k are constants of the backward pass, as the paper has it: the gradients of A and B are those of LoRA times
 * k, s·Bᵀ·diag(k)·G and s·diag(k)·G·Aᵀ, and no difference quotient is. Those of the magnitudes and of x are exact. Each
 * pass forms one matrix of the weight's size, for the norms. An adapter that was merged is not taken out again, since
 * diag(k)·V has the magnitudes in the place of the norms of W + s·B·A. Numbers of an adapter of a weight [n, m]:
 * r·(n + m) + n. With dropout, PEFT's way, also what the lengths do to x·Wᵀ is dropped, at the same mean.
 * @throws OptionError `adapter/no-match`, `options/…`
 * @see Liu et al., "DoRA: weight-decomposed low-rank adaptation", arXiv 2402.09353, section 4.
 * @example
 * const model = new MLP({ sizes: [8, 4], key: random.key(0) });
 * dora(model, { rank: 2 });
 * const paths = Object.keys(model.parameters({ trainable: true }));
 * console.log(paths.map((path) => path.split('.').at(-1)).join(' ')); // prints A B magnitude
 */
export function dora(model: Module, options: DoraOptions = {}): AdapterReport {
  if (arguments.length > 2) refuseExtra('dora', arguments, 2);
  const read = readOptions('dora', doraOptions, options, 'model');
  const report = attachLowRank<DoraLinear>('dora', model, { ...read, settings: read }, (site, layer) => {
    if (!(layer instanceof Linear)) return 'not a Linear, for which alone dora has magnitudes';
    const { shift, ...factors } = linearFactors('dora', read.init, site);
    const rows = noGrad(() => {
      const { weight } = site;
      return rowNorms(shift ? weight : add(weight, productOf({ ...factors, scale: site.scale })));
    });
    return { adapter: new DoraLinear(factors, site.scale, rows, read.dropout), shift };
  });
  return describedLowRank(report);
}
