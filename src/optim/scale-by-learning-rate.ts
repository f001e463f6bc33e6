import { checkNumber } from '../base/errors';
import { scale } from './scale';
import { type ScheduleState, scaleBySchedule } from './scale-by-schedule';
import type { Schedule } from './schedules';
import type { GradientTransform } from './transform';

/** −η·u, the last part of every named optimizer: from here on, updates are steps to add. */
export function scaleByLearningRate(learningRate: number | Schedule): GradientTransform<ScheduleState | readonly []> {
  if (typeof learningRate === 'function') return scaleBySchedule((step) => -learningRate(step));
  checkNumber('optimizer', 'learningRate', learningRate, { low: 0 });
  return scale(-learningRate);
}
