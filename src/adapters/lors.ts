import { checkOptions, OptionError } from '../base/errors';
import { Linear } from '../nn/linear';
import type { Match, Module } from '../nn/module';
import { type AdapterReport, attach } from './attach';
import { type FactorInit, linearFactors } from './first-factors';
import { SparseAdapter, sparseMethods } from './sparse-adapter';

/** Size, scale, which layers, and how. */
export interface LorsOptions {
  /** r (default 16). */
  readonly rank?: number;
  /** α (default 8). */
  readonly alpha?: number;
  /** s = α/√r in place of α/r (default true). */
  readonly rankStabilized?: boolean;
  /** Which `Linear` layers, by their path; a string matches everything below it too (default: all). */
  readonly match?: Match;
  /** How the factors start (default 'kaiming'); the paper's is `gradientSvd`. */
  readonly init?: FactorInit;
  /** What first values are drawn from (default 0). */
  readonly seed?: number;
  /**
   * `lors` (default), or a baseline with exact gradients: `sqft` masks by ordinary ops, `sp-lora` makes the masked weight
   * again in the backward pass, `spp` multiplies, W ⊙ (1 + s·B·A).
   */
  readonly method?: 'lors' | 'sqft' | 'sp-lora' | 'spp';
}

/**
 * LoRS: low-rank adapters of a pruned model (see `prune`) that leave its zeros zero, while training and after `merge`.
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
  checkOptions('lors', options, ['rank', 'alpha', 'rankStabilized', 'match', 'init', 'seed', 'method']);
  const { rank = 16, alpha = 8, rankStabilized = true, match, init = 'kaiming', seed = 0, method = 'lors' } = options;
  if (!Object.hasOwn(sparseMethods, method)) throw unknownMethod(method);
  return attach(
    'lors',
    model,
    { rank, alpha, rankStabilized, match, seed },
    {
      takes: (layer) => (layer instanceof Linear ? true : 'an embedding, which is not pruned'),
      make(site) {
        const { shift, ...factors } = linearFactors('lors', init, site);
        return { adapter: new SparseAdapter(factors, site.scale, method), shift };
      },
    },
  );
}

function unknownMethod(method: string): OptionError {
  return new OptionError({
    code: 'options/choice',
    got: `lors got method = ${String(method)}`,
    expected: Object.keys(sparseMethods)
      .map((name) => `'${name}'`)
      .join(', '),
    fix: "leave it out for 'lors'",
  });
}
