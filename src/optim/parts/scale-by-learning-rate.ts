import { checkArgument, refuseExtra } from '../../base/options';
import { rate, type Schedule } from '../schedules';
import type { GradientTransform } from '../transform';
import { scale } from './scale';
import { type ScheduleState, scaleBySchedule } from './scale-by-schedule';

/** −η·u, the last part of every named optimizer: from here on, updates are steps to add. */
export function scaleByLearningRate(learningRate: number | Schedule): GradientTransform<ScheduleState | readonly []> {
  if (arguments.length > 1) refuseExtra('scaleByLearningRate', arguments, 1);
  checkArgument('scaleByLearningRate', 'learningRate', rate, learningRate);
  if (typeof learningRate === 'function') return scaleBySchedule((step) => -learningRate(step));
  return scale(-learningRate);
}
