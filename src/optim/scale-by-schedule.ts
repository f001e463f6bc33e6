import { mul } from '../tensor/ops/mul';
import type { Schedule } from './schedules';
import { type GradientTransform, mapParams, transform } from './transform';

/** The state of `scaleBySchedule`. */
export interface ScheduleState {
  /** Updates so far, which is the argument of the schedule for the next one. */
  readonly step: number;
}

/** schedule(step)·u, where step counts the updates of this transform from 0. */
export function scaleBySchedule(schedule: Schedule): GradientTransform<ScheduleState> {
  return transform<ScheduleState>({
    name: 'scaleBySchedule',
    linear: true,
    leafwise: true,
    init: () => ({ step: 0 }),
    update(grads, { step }) {
      const factor = schedule(step);
      return [mapParams(grads, (u) => mul(u, factor)), { step: step + 1 }];
    },
  });
}
