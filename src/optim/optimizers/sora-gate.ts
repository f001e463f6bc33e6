import { boolean, number, type OptionsOf, optional, readOptions, refuseExtra, required } from '../../base/options';
import { chain } from '../combinators/chain';
import { addDecayedWeights } from '../parts/add-decayed-weights';
import { scaleByAdam } from '../parts/scale-by-adam';
import { scaleByLearningRate } from '../parts/scale-by-learning-rate';
import { softThreshold, thresholdRule } from '../parts/soft-threshold';
import { rate, rateAt } from '../schedules';
import { adamOptions } from './adam';

const soraGateOptions = {
  ...adamOptions,
  /** ε, added to the root (default 1e-6). */
  epsilon: optional(number({ low: 0 }), 1e-6),
  /** λ, the weight of the sum of |g| in what is minimised, or a schedule of it: the more, the more components go. */
  lambda: required(rate),
  /**
   * The threshold ξ is η·λ, as the proximal step has it (default true). With false it is λ itself, as in one of the two
   * published files.
   */
  scaled: optional(boolean, true),
  /** Decoupled weight decay, of the value before the step (default 0). */
  weightDecay: optional(number({ low: 0 }), 0),
  ...thresholdRule,
};

/** Adam's options, λ, and how it is applied. */
export interface SoraGateOptions extends OptionsOf<typeof soraGateOptions> {}

/**
 * What moves the gates of `sora`: a step of Adam, in the form with one correction for the step, and then the proximal step of
 * λ·‖g‖₁, in which gates become 0 exactly. Everything else wants another optimizer: put `partition` around.
 *
 *     g' = g − η·(c·M/(√V + ε) + decay·g),  c = √(1 − β2^t)/(1 − β1^t)
 *     g ← sign(g')·max(|g'| − ξ, 0),  ξ = η·λ
 * @throws OptionError `options/…`
 * @see Ding et al., "Sparse low-rank adaptation of pre-trained language models", EMNLP 2023, arXiv 2311.11696, section 3.2.
 * @example
 * const model = new MLP({ sizes: [8, 8], key: random.key(0) });
 * sora(model, { rank: 4 });
 * const method = partition(
 *   { gate: soraGate({ learningRate: 0.01, lambda: 0.5 }), factors: adamw({ learningRate: 0.01 }) },
 *   (path) => (path.endsWith('lora.gate') ? 'gate' : 'factors'),
 * );
 * const loss = (x: Tensor) => model.forward(x).square().mean();
 * const training = trainer({ model, transform: method, loss, seed: 0 });
 * training.step(ones([2, 8]));
 */
export function soraGate(options: SoraGateOptions) {
  if (arguments.length > 1) refuseExtra('soraGate', arguments, 1);
  const read = readOptions('soraGate', soraGateOptions, options);
  const { learningRate, lambda, scaled, weightDecay, rule, ...moments } = read;
  const threshold = (step: number): number => rateAt(lambda, step) * (scaled ? rateAt(learningRate, step) : 1);
  return chain(
    scaleByAdam({ ...moments, biasCorrection: 'step' }),
    addDecayedWeights(weightDecay),
    scaleByLearningRate(learningRate),
    softThreshold({ threshold, rule }),
  );
}
