import {
  adam,
  type Combine,
  compress,
  type EmaState,
  ema,
  type GradientTransform,
  galore,
  identity,
  liftPlusRaw,
  liftUpdate,
  OptionError,
  type Projector,
  projectors,
} from 'floragrad';
import { adapted, adaptedInStages } from './adapters';
import { compressible } from './compressible';
import type { TrackSetting } from './contract';
import { projectorNamed } from './projector-named';
import type { Task } from './task';

/** One training, ready for its first step. */
export interface Prepared {
  readonly transform: GradientTransform<unknown>;
  /** What projections of the gradient are drawn by; null: the method draws none. */
  readonly draws: Projector | null;
}

/** A method as a visitor chooses it. */
export interface Method {
  /** As the page shows it. */
  readonly name: string;
  /** One sentence. */
  readonly says: string;
  /** The settings that change something, beside the learning rate, which all read. */
  readonly reads: readonly Exclude<keyof TrackSetting, 'method' | 'learningRate'>[];
  /** Changes the model of the task where the method has adapters. */
  prepare(task: Task, setting: TrackSetting, run: { readonly seed: number; readonly steps: number }): Prepared;
}

/** The method at the place of the momentum in the base step of the task. */
const inBaseStep =
  (make: (task: Task, setting: TrackSetting, seed: number) => GradientTransform<unknown>): Method['prepare'] =>
  (task, setting, { seed, steps }) => ({
    transform: task.baseStep.around(make(task, setting, seed), setting.learningRate, steps),
    draws: null,
  });

const flora =
  (combine: (beta: number) => Combine<EmaState>): Method['prepare'] =>
  (task, setting, { seed, steps }) => {
    const { rank, refreshEvery, onRefresh, learningRate } = setting;
    const projector = projectorNamed(setting.projector);
    const { momentum } = task.baseStep;
    const method = compress({
      projector,
      rank,
      inner: ema({ decay: momentum }),
      refreshEvery,
      onRefresh,
      combine: combine(momentum),
      filter: compressible(task, rank),
      seed,
    });
    return { transform: task.baseStep.around(method, learningRate, steps), draws: projector };
  };

const subspace = ['rank', 'refreshEvery', 'onRefresh', 'projector'] as const;

/** All methods by what `TrackSetting.method` says. A new one is a row here. */
export const methods = {
  none: {
    name: 'no momentum',
    says: 'The base step alone: what all compression has to beat, since it needs no state at all.',
    reads: [],
    prepare: inBaseStep(() => identity),
  },
  momentum: {
    name: 'momentum',
    says: 'A moving mean of the gradients (β = 0.9), as large as the weights.',
    reads: [],
    prepare: inBaseStep(({ baseStep }) => ema({ decay: baseStep.momentum })),
  },
  flora: {
    name: 'Flora',
    says: 'The momentum lives in a random subspace of rank r that is drawn anew every κ steps.',
    reads: subspace,
    prepare: flora(() => liftUpdate),
  },
  'flora-opt': {
    name: 'Flora, as its code',
    says: 'The order of the published code: the gradient at hand is not compressed, the momentum before it is.',
    reads: subspace,
    prepare: flora(liftPlusRaw),
  },
  adam: {
    name: 'Adam',
    says: 'A whole optimizer in place of the base step: two moments, each as large as the weights.',
    reads: [],
    prepare: ({ baseStep }, { learningRate }, { steps }) => ({
      transform: adam({ learningRate: baseStep.rate(learningRate, steps) }),
      draws: null,
    }),
  },
  galore: {
    name: 'GaLore',
    says: 'Adam in the leading r singular directions of a recent gradient, found anew every κ steps.',
    reads: ['rank', 'refreshEvery'],
    prepare: (task, { learningRate, rank, refreshEvery }, { seed, steps }) => ({
      transform: galore({
        learningRate: task.baseStep.rate(learningRate, steps),
        rank,
        refreshEvery,
        scale: 1,
        filter: compressible(task, rank),
        seed,
      }),
      draws: projectors.svd,
    }),
  },
  lora: {
    name: 'LoRA',
    says: 'W₀ + B·A: both factors are trained by the base step with momentum, the weight itself is not.',
    reads: ['rank', 'projector'],
    prepare: adapted({ freezeA: false }),
  },
  'lora-frozen-A': {
    name: 'LoRA, A frozen',
    says: 'W₀ + B·A with A as it was drawn: Flora with one projection for good, the momentum in B.',
    reads: ['rank', 'projector'],
    prepare: adapted({ freezeA: true }),
  },
  'periodic-lora': {
    name: 'PeriodicLoRA',
    says: 'LoRA that puts B·A into the weight every κ steps and starts anew: each stage adds r directions.',
    reads: ['rank', 'refreshEvery', 'projector'],
    prepare: adaptedInStages,
  },
} satisfies Readonly<Record<string, Method>>;

/** What `TrackSetting.method` may say, in the order of a menu. */
export const methodNames: readonly string[] = Object.keys(methods);

/** @throws OptionError `options/choice` */
export function methodNamed(name: string): Method {
  if (Object.hasOwn(methods, name)) return methods[name as keyof typeof methods];
  throw new OptionError({
    code: 'options/choice',
    got: `a track got the method '${name}'`,
    expected: `one of ${methodNames.join(', ')}`,
    fix: 'choose one of these',
  });
}
