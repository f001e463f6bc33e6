import { type Schedule, schedules } from '../../../src/index';

/** Up to the peak over the first twentieth of the steps, then down along a cosine. */
export function warmedUp(peak: number, steps: number): Schedule {
  return schedules.warmupCosine({ peak, warmup: Math.max(1, Math.round(steps / 20)), steps });
}
