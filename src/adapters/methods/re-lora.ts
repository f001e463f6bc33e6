import { fold, key } from '../../base/key';
import { choice, number, optional, readOptionsOf, refuseExtra, type SpecificationOf } from '../../base/options';
import type { Module } from '../../nn/module';
import { initKind } from '../starts/first-factors';
import { loraOptionsWithoutInit } from './lora';
import { attachPeriodic, type PeriodicLora, type PeriodicLoraOptions, stageOptions } from './periodic-lora';
import { withPrunedMoments } from './prune-moments';

/** Those of `periodicLora` but for what the method settles, all of the change merged, and what is left of the moments. */
export interface ReLoraOptions<S> extends Omit<PeriodicLoraOptions<S>, 'inner' | 'mergeFraction' | 'remainder'> {
  /** The optimizer of the factors, from gradients to updates. It goes on from stage to stage, its schedule too. */
  readonly inner: PeriodicLoraOptions<S>['inner'];
  /**
   * Which elements of the moments become 0 at the end of a stage: `random` (default) leaves each with chance 1 − ratio,
   * `magnitude` leaves those above the ratio-quantile of their sizes.
   */
  readonly pruning?: 'random' | 'magnitude';
  /** The share of the moments that becomes 0 (default 0.999, what the published code calls a reset). */
  readonly pruneRatio?: number;
}

const reLoraOptions = {
  ...loraOptionsWithoutInit,
  ...stageOptions,
  init: optional(initKind, 'kaiming'),
  pruning: optional(choice('random', 'magnitude'), 'random'),
  pruneRatio: optional(number({ low: 0, high: 1 }), 0.999),
} satisfies SpecificationOf<ReLoraOptions<unknown>>;

/**
 * ReLoRA: LoRA in stages for training from the start. After every `stageSteps` optimizer steps the change goes into the
 * weight, W ← W + s·B·A, the factors start anew, and most of the moments that the optimizer keeps for them become 0: what
 * is left of a moment points along factors that are gone. Steps go on being counted, unlike in `periodicLora`, so that a
 * schedule is one of the whole training: `schedules.cosineWithRestarts` rises again after each merge.
 *
 * A moment is a tensor under a factor's path in the state of `inner`, of the factor's shape. The published runs have rank 128
 * and α = 32.
 * @throws OptionError `adapter/no-match`, `options/…`
 * @throws StateError `periodic-lora/params` from the transform, where it does not get all parameters of the model
 * @see Lialin et al., "ReLoRA: high-rank training through low-rank updates", arXiv 2307.05695.
 * @example
 * const model = new MLP({ sizes: [16, 16], key: random.key(0) });
 * const learningRate = schedules.cosineWithRestarts({
 *   peak: 0.01, steps: 40, warmup: 4, restartEvery: 10, restartWarmup: 2,
 * });
 * const { transform } = reLora(model, { rank: 2, stageSteps: 10, inner: adam({ learningRate }) });
 * const loss = (x: Tensor) => mean(square(model.forward(x)));
 * const training = trainer({ model, transform, loss, seed: 0 });
 * for (let step = 0; step < 25; step++) training.step(ones([4, 16]));
 * console.log(training.state.stage, training.state.step); // prints 2 5
 */
export function reLora<S>(model: Module, options: ReLoraOptions<S>): PeriodicLora<S> {
  if (arguments.length > 2) refuseExtra('reLora', arguments, 2);
  const read = readOptionsOf<ReLoraOptions<S>, typeof reLoraOptions>('reLora', reLoraOptions, options);
  const { pruning, pruneRatio, ...ofStages } = read;
  return attachPeriodic(
    'reLora',
    model,
    { ...ofStages, mergeFraction: 1, remainder: 'keep' },
    (state, trained, stage) =>
      withPrunedMoments(state, trained, { pruning, pruneRatio }, fold(key(read.seed), 'prune', stage)),
  );
}
