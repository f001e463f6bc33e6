import {
  checkArgument,
  choice,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
} from '../../base/options';
import { abs } from '../../tensor/ops/elementwise/abs';
import { add } from '../../tensor/ops/elementwise/add';
import { greaterEqual } from '../../tensor/ops/elementwise/compare';
import { mul } from '../../tensor/ops/elementwise/mul';
import { relu } from '../../tensor/ops/elementwise/relu';
import { sign } from '../../tensor/ops/elementwise/sign';
import { sub } from '../../tensor/ops/elementwise/sub';
import { where } from '../../tensor/ops/elementwise/where';
import type { Tensor } from '../../tensor/tensor';
import { leafOf } from '../leaf';
import { rate, rateAt } from '../schedules';
import { type GradientTransform, mapParams, transform } from '../transform';
import type { ScheduleState } from './scale-by-schedule';

/** What is done with a value near 0, for those that have it as an option. */
export const thresholdRule = {
  /**
   * `proximal` (default): a value within ξ of 0 becomes 0. `published`: one within 2ξ does, as SoRA's program has it, which
   * shrinks and compares with ξ once more; all others come ξ nearer in both.
   */
  rule: optional(choice('proximal', 'published'), 'proximal'),
};

const softThresholdOptions = {
  /** ξ, or a schedule of it: what each value comes nearer to 0 in a step. */
  threshold: required(rate),
  ...thresholdRule,
};

/** How far, and by which rule. */
export interface SoftThresholdOptions extends OptionsOf<typeof softThresholdOptions> {}

/**
 * The proximal step of ξ·‖p‖₁ after the step of the parts before: p ← sign(p + u)·max(|p + u| − ξ, 0). Parameters become 0
 * exactly, and leave 0 only where a step is longer than ξ. Put it last, after the learning rate.
 * @throws OptionError `options/…`
 * @see Parikh and Boyd, "Proximal algorithms", 2014, section 6.5.2.
 * @example
 * const optimizer = chain(sgd({ learningRate: 0.1 }), softThreshold({ threshold: 0.01 }));
 */
export function softThreshold(options: SoftThresholdOptions): GradientTransform<ScheduleState> {
  if (arguments.length > 1) refuseExtra('softThreshold', arguments, 1);
  const { threshold, rule } = readOptions('softThreshold', softThresholdOptions, options);
  return transform<ScheduleState>({
    name: 'softThreshold',
    leafwise: true,
    init: () => ({ step: 0 }),
    update(grads, { step }, params) {
      const xi = rateAt(threshold, step);
      checkArgument('softThreshold', `the threshold at step ${step}`, number({ low: 0 }), xi);
      const updates = mapParams(grads, (u, path) => {
        const before = leafOf('softThreshold', params, path);
        return sub(nearer(add(before, u), xi, rule), before);
      });
      return [updates, { step: step + 1 }];
    },
  });
}

/** sign(p)·max(|p| − ξ, 0) */
function nearer(p: Tensor, xi: number, rule: 'proximal' | 'published'): Tensor {
  const soft = mul(sign(p), relu(sub(abs(p), xi)));
  return rule === 'proximal' ? soft : where(greaterEqual(abs(p), 2 * xi), soft, 0);
}
