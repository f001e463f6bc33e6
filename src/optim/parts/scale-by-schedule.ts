import { callable, checkArgument, number, refuseExtra } from '../../base/options';
import { mul } from '../../tensor/ops/elementwise/mul';
import type { Schedule } from '../schedules';
import { type GradientTransform, mapParams, transform } from '../transform';

/** The state of `scaleBySchedule`. */
export interface ScheduleState {
  /** Updates so far, which is the argument of the schedule for the next one. */
  readonly step: number;
}

/** schedule(step)·u, where step counts the updates of this transform from 0. @throws OptionError `options/range` for a value that is no finite number */
export function scaleBySchedule(schedule: Schedule): GradientTransform<ScheduleState> {
  if (arguments.length > 1) refuseExtra('scaleBySchedule', arguments, 1);
  checkArgument('scaleBySchedule', 'schedule', callable('of the step, such as one of schedules'), schedule);
  return transform<ScheduleState>({
    name: 'scaleBySchedule',
    linear: true,
    leafwise: true,
    init: () => ({ step: 0 }),
    update(grads, { step }) {
      const factor = schedule(step);
      checkArgument('scaleBySchedule', `the schedule's value at step ${step}`, number(), factor);
      return [mapParams(grads, (u) => mul(u, factor)), { step: step + 1 }];
    },
  });
}
