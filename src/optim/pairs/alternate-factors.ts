import { choice, type OptionsOf, optional, readOptions, refuseExtra, required, whole } from '../../base/options';
import { divide } from '../combinators/divide';
import { type GradientTransform, transform } from '../transform';
import { pairsIn } from './beside';

const alternateFactorsOptions = {
  /** Steps of a round, in which one of the two factors is trained. */
  every: required(whole({ low: 1 })),
  /** Which factor the first round trains (default 'B': at B = 0 the gradient of A is zero). */
  first: optional(choice('A', 'B'), 'B'),
};

/** How long a round is, and which factor begins. */
export interface AlternateFactorsOptions extends OptionsOf<typeof alternateFactorsOptions> {}

/** The state of `alternateFactors`. */
export interface AlternateState {
  /** Steps so far. */
  readonly step: number;
}

/**
 * RoLoRA's rounds: train B alone for `every` steps, then A alone, and so on. The gradient of the factor whose turn it is not
 * is left out; gradients of all else pass. Put it before any optimizer.
 *
 * Clients that share one factor and average the other have the mean of their products exactly, which they have not where
 * both were trained: the error is then the mean of (B_i − B̄)·(A_i − Ā). One round that never ends is FFA-LoRA, LoRA with a
 * frozen A. An optimizer after it counts all steps; give each factor one of its own with `partition` where its steps are to
 * count alone, as for Adam's correction of its bias.
 * @throws OptionError `pairs/none`, `options/…`
 * @see Chen et al., "Robust federated finetuning of LLMs via alternating optimization of LoRA" (RoLoRA), arXiv 2502.01755;
 *   Sun et al., "Improving LoRA in privacy-preserving federated learning" (FFA-LoRA), arXiv 2403.12313.
 * @example
 * const each = () => adam({ learningRate: 1e-3 });
 * const optimizer = chain(
 *   alternateFactors({ every: 10 }),
 *   partition({ A: each(), rest: each() }, (path) => (path.endsWith('lora.A') ? 'A' : 'rest')),
 * );
 */
export function alternateFactors(options: AlternateFactorsOptions): GradientTransform<AlternateState> {
  if (arguments.length > 1) refuseExtra('alternateFactors', arguments, 1);
  const name = 'alternateFactors';
  const { every, first } = readOptions(name, alternateFactorsOptions, options);
  const other = first === 'B' ? 'A' : 'B';
  return transform<AlternateState>({
    name,
    linear: true,
    init: () => ({ step: 0 }),
    update(grads, { step }, params) {
      const idle = Math.floor(step / every) % 2 === 0 ? other : first;
      const paths = new Set(pairsIn(name, params).map((pair) => pair[idle]));
      return [divide(grads, (path) => !paths.has(path))[0], { step: step + 1 }];
    },
  });
}
