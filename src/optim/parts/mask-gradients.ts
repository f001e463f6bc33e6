import { fold, key, seedKind } from '../../base/key';
import { boolean, kindOf, type OptionsOf, optional, readOptions, refuseExtra, required } from '../../base/options';
import { less } from '../../tensor/ops/elementwise/compare';
import { mul } from '../../tensor/ops/elementwise/mul';
import { where } from '../../tensor/ops/elementwise/where';
import { random } from '../../tensor/ops/random/random';
import { type GradientTransform, mapParams, transform } from '../transform';

/** A probability with which something happens at all. */
export const shareKind = kindOf<number>(
  'a number > 0 and ≤ 1',
  (value) => typeof value === 'number' && value > 0 && value <= 1,
  'options/range',
);

const maskGradientsOptions = {
  /** p, the probability with which an entry is kept. */
  keep: required(shareKind),
  /** Divide what is kept by p, so that the mean over the masks is the gradient (default false: the mean is p times it). */
  rescale: optional(boolean, false),
  /** What the masks are drawn from (default 0). */
  seed: optional(seedKind, 0),
};

/** How much is kept. */
export interface MaskGradientsOptions extends OptionsOf<typeof maskGradientsOptions> {}

/** The state of `maskGradients`. */
export interface MaskGradientsState {
  /** Gradients so far; the masks of the next one are a function of it. */
  readonly step: number;
}

/**
 * Zero each entry of each gradient, unless it is kept, with probability p and anew in every step. The masks are a function
 * of the seed, the path of the parameter and the step. Before `sgd` what is masked does not move; a moving mean after it
 * moves that too. Put `masked` around to mask some gradients alone.
 * @throws OptionError `options/…`
 * @example
 * const optimizer = chain(maskGradients({ keep: 0.5 }), sgd({ learningRate: 0.1 }));
 */
export function maskGradients(options: MaskGradientsOptions): GradientTransform<MaskGradientsState> {
  if (arguments.length > 1) refuseExtra('maskGradients', arguments, 1);
  const { keep, rescale, seed } = readOptions('maskGradients', maskGradientsOptions, options);
  const root = key(seed);
  return transform<MaskGradientsState>({
    name: 'maskGradients',
    linear: true,
    leafwise: true,
    init: () => ({ step: 0 }),
    update(grads, { step }) {
      const next = { step: step + 1 };
      if (keep === 1) return [grads, next];
      const masked = mapParams(grads, (g, path) => {
        const drawn = random.uniform(fold(root, path, 'maskGradients', step), g.shape);
        const kept = where(less(drawn, keep), g, 0);
        return rescale ? mul(kept, 1 / keep) : kept;
      });
      return [masked, next];
    },
  });
}
