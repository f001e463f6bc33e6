import { fold } from '../../base/key';
import { checkArgument, number, type OptionsOf, optional, readOptions, refuseExtra, whole } from '../../base/options';
import { randomizedSvd } from '../../tensor/linalg/randomized-svd';
import { svd } from '../../tensor/linalg/svd';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { reshape } from '../../tensor/ops/movement/reshape';
import { runInScope } from '../../tensor/scope';
import type { AdapterSite, Factors } from './first-factors';

const pissaOptions = {
  /** Subspace iterations of a random range, for large weights (default: the exact decomposition). */
  iterations: optional(whole({ low: 0 })),
};

/** How the weight is decomposed. */
export interface PissaOptions extends OptionsOf<typeof pissaOptions> {}

/**
 * PiSSA's start: the adapter takes over the r leading singular components of the weight, W = U·Σ·Vᵀ, and what is trained
 * is the weight's principal part. A = √(Σ_r/s)·V_rᵀ, B = U_r·√(Σ_r/s), and s·B·A is taken out of the weight, so that the
 * function stays and the frozen weight has the spectrum σ_{r+1}, …
 *
 * With `iterations`, from a random range, as PEFT's `pissa_niter_N`: the factors are then nearly these, the function stays
 * all the same. Needs rank ≤ min(out, in) and α > 0.
 * @throws OptionError `options/…`
 * @see Meng, Wang and Zhang, "PiSSA: principal singular values and singular vectors adaptation", arXiv 2404.02948.
 * @example
 * const model = new MLP({ sizes: [8, 8], key: random.key(0) });
 * lora(model, { rank: 2, init: pissa() });
 */
export function pissa(options: PissaOptions = {}): (site: AdapterSite) => Factors {
  if (arguments.length > 1) refuseExtra('pissa', arguments, 1);
  const { iterations } = readOptions('pissa', pissaOptions, options);
  return ({ weight, rank, scale, key }) =>
    runInScope('pissa', () => {
      checkArgument('pissa', 'rank', whole({ low: 1, high: Math.min(...weight.shape) }), rank);
      checkArgument('pissa', 's, of α and the rank', number({ low: Number.MIN_VALUE }), scale);
      const { u, s, vt } =
        iterations === undefined
          ? svd(weight, { rank })
          : randomizedSvd(weight, { rank, iterations, key: fold(key, 'svd') });
      const root = sqrt(mul(s, 1 / scale)); // √(Σ_r/s) [r]
      return { A: mul(reshape(root, [-1, 1]), vt), B: mul(u, root) };
    });
}
