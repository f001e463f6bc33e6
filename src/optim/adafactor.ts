import { checkOptions } from '../base/errors';
import { addDecayedWeights } from './add-decayed-weights';
import { chain } from './chain';
import { clipByBlockRms } from './clip-by-block-rms';
import { type EmaState, ema } from './ema';
import { identity } from './identity';
import { type ScaleByFactoredRmsOptions, scaleByFactoredRms } from './scale-by-factored-rms';
import { scaleByLearningRate } from './scale-by-learning-rate';
import { scaleByParameterRms } from './scale-by-parameter-rms';
import type { Schedule } from './schedules';
import type { GradientTransform } from './transform';

/** All parts of Adafactor; every option but the learning rate has a default. */
export interface AdafactorOptions extends ScaleByFactoredRmsOptions {
  /** ρ; with `scaleParameter` a step is relative to the size of the parameter. */
  readonly learningRate: number | Schedule;
  /** β of a moving mean of the normalised gradients, not debiased (default: no momentum and no state for it). */
  readonly momentum?: number;
  /** d, the largest root mean square of an update before the learning rate (default 1). */
  readonly clipThreshold?: number;
  /** ε2, the least scale of a parameter (default 1e-3). */
  readonly minScale?: number;
  /** Multiply the step by max(RMS(W), minScale) (default true). */
  readonly scaleParameter?: boolean;
  /** Decoupled weight decay, multiplied by the whole step size α (default 0). */
  readonly weightDecay?: number;
}

/**
 * Adafactor: W ← W − α·(U/max(1, RMS(U)/d) + decay·W), α = ρ·max(RMS(W), ε2). The momentum sits before the clip, at
 * the place where Flora has its compressed one, so that the two differ in the compression alone.
 * @see Shazeer and Stern, "Adafactor", arXiv 1804.04235, Algorithms 4 to 6.
 */
export function adafactor(options: AdafactorOptions) {
  const { momentum, ...rest } = options;
  return adafactorAround<EmaState | readonly []>(
    'adafactor',
    momentum === undefined ? identity : ema({ decay: momentum }),
    rest,
  );
}

/** Adafactor with any transform of the normalised gradient at the place of its momentum. */
export function adafactorAround<S>(
  name: string,
  momentum: GradientTransform<S>,
  options: Omit<AdafactorOptions, 'momentum'>,
) {
  checkOptions(name, options, adafactorOptionNames);
  const { learningRate, clipThreshold = 1, minScale, scaleParameter = true, weightDecay = 0 } = options;
  const { decayExponent = 0.8, epsilon = 1e-30, factored = () => true } = options;
  return chain(
    scaleByFactoredRms({ decayExponent, epsilon, factored }),
    momentum,
    clipByBlockRms(clipThreshold),
    addDecayedWeights(weightDecay),
    scaleParameter ? scaleByParameterRms(minScale) : identity,
    scaleByLearningRate(learningRate),
  );
}

export const adafactorOptionNames = [
  'learningRate',
  'decayExponent',
  'epsilon',
  'factored',
  'clipThreshold',
  'minScale',
  'scaleParameter',
  'weightDecay',
];
