import {
  boolean,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
  type ValuesOf,
} from '../../base/options';
import { chain } from '../combinators/chain';
import { identity } from '../combinators/identity';
import { addDecayedWeights } from '../parts/add-decayed-weights';
import { clipByBlockRms } from '../parts/clip-by-block-rms';
import { type EmaState, ema } from '../parts/ema';
import { scaleByFactoredRms, scaleByFactoredRmsOptions } from '../parts/scale-by-factored-rms';
import { scaleByLearningRate } from '../parts/scale-by-learning-rate';
import { scaleByParameterRms } from '../parts/scale-by-parameter-rms';
import { rate } from '../schedules';
import type { GradientTransform } from '../transform';

/** Everything but the momentum, for which Flora has its own. */
export const adafactorParts = {
  /** ρ, or a schedule of it; with `scaleParameter` a step is relative to the size of the parameter. */
  learningRate: required(rate),
  /** d, the largest root mean square of an update before the learning rate (default 1). */
  clipThreshold: optional(number({ low: Number.MIN_VALUE, high: Infinity }), 1),
  /** ε2, the least scale of a parameter (default 1e-3). */
  minScale: optional(number({ low: 0 }), 1e-3),
  /** Multiply the step by max(RMS(W), minScale) (default true). */
  scaleParameter: optional(boolean, true),
  /** Decoupled weight decay, multiplied by the whole step size α (default 0). */
  weightDecay: optional(number({ low: 0 }), 0),
  ...scaleByFactoredRmsOptions,
};

const adafactorOptions = {
  ...adafactorParts,
  /** β of a moving mean of the normalised gradients, not debiased (default: no momentum and no state for it). */
  momentum: optional(number({ low: 0, high: 1 })),
};

/** All parts of Adafactor; every option but the learning rate has a default. */
export interface AdafactorOptions extends OptionsOf<typeof adafactorOptions> {}

/**
 * Adafactor: W ← W − α·(U/max(1, RMS(U)/d) + decay·W), α = ρ·max(RMS(W), ε2). The momentum sits before the clip, at
 * the place where Flora has its compressed one, so that the two differ in the compression alone.
 * @see Shazeer and Stern, "Adafactor", arXiv 1804.04235, Algorithms 4 to 6.
 */
export function adafactor(options: AdafactorOptions) {
  if (arguments.length > 1) refuseExtra('adafactor', arguments, 1);
  const { momentum, ...parts } = readOptions('adafactor', adafactorOptions, options);
  return adafactorAround<EmaState | readonly []>(momentum === undefined ? identity : ema({ decay: momentum }), parts);
}

/** Adafactor with any transform of the normalised gradient at the place of its momentum. */
export function adafactorAround<S>(momentum: GradientTransform<S>, parts: ValuesOf<typeof adafactorParts>) {
  const { learningRate, clipThreshold, minScale, scaleParameter, weightDecay, ...factors } = parts;
  return chain(
    scaleByFactoredRms(factors),
    momentum,
    clipByBlockRms(clipThreshold),
    addDecayedWeights(weightDecay),
    scaleParameter ? scaleByParameterRms(minScale) : identity,
    scaleByLearningRate(learningRate),
  );
}
