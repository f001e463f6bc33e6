import {
  chain,
  clipByBlockRms,
  type Schedule,
  scale,
  scaleByFactoredRms,
  scaleByLearningRate,
  scaleByParameterRms,
  schedules,
} from 'floragrad';
import type { BaseStep } from './task';

/** Plain gradient descent: W ← W − η·M. */
export const plainStep: BaseStep = {
  momentum: 0.9,
  around: (method, learningRate) => chain(method, scale(-learningRate)),
  rate: (learningRate) => learningRate,
};

/**
 * Adafactor, with the method at the place of its momentum, as `adafactor` and `flora` of the library have it: gradients are
 * normalised before. The rate warms up over the first twentieth of the steps and falls along a cosine.
 */
export const adafactorStep: BaseStep = {
  momentum: 0.9,
  around: (method, learningRate, steps) =>
    chain(
      scaleByFactoredRms(),
      method,
      clipByBlockRms(1),
      scaleByParameterRms(1e-3),
      scaleByLearningRate(warmedUp(learningRate, steps)),
    ),
  rate: warmedUp,
};

function warmedUp(peak: number, steps: number): Schedule {
  return schedules.warmupCosine({ peak, warmup: Math.max(1, Math.round(steps / 20)), steps });
}
