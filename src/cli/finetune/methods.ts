import type { TextBatch } from '../../data/text-dataset';
import {
  adamw,
  crossEntropy,
  type GradientTransform,
  gradientSvd,
  lora,
  lors,
  periodicLora,
  prune,
  type Schedule,
  schedules,
} from '../../index';
import type { GPT } from '../../nn';
import { optimizers } from '../train/optimizers';

/** What a method of fine-tuning is made from. */
interface MethodSettings {
  readonly rank: number;
  readonly alpha: number;
  /** Share of each weight that is pruned before, for the methods that adapt sparse weights. */
  readonly sparsity: number;
  readonly steps: number;
  /** Stages of PeriodicLoRA. */
  readonly stages: number;
  readonly learningRate: number;
  readonly seed: number;
  /** What the methods that start from gradients take them of. */
  readonly batches: readonly TextBatch[];
}

interface Method {
  /** Peak of the schedule unless `--learning-rate` says otherwise. */
  readonly learningRate: number;
  /** It starts from a pruned model, and keeps its zeros. */
  readonly sparse: boolean;
  /** Make the model ready, and say how it is trained. */
  prepare(model: GPT, settings: MethodSettings): GradientTransform<unknown>;
}

/** The layers that are adapted, pruned and compressed: all weights of the transformer's blocks. */
const match = 'blocks';
const weightDecay = 0;

const schedule = (peak: number, steps: number): Schedule =>
  schedules.warmupCosine({ peak, warmup: Math.max(1, Math.round(steps / 20)), steps });

/** LoRS and its baselines start alike: from a pruned model, with A along the gradient. */
function sparse(method: 'lors' | 'sqft' | 'sp-lora' | 'spp'): Method {
  return {
    learningRate: 0.002,
    sparse: true,
    prepare(model, { rank, alpha, sparsity, steps, learningRate, seed, batches }) {
      const loss = ({ ids, targets }: TextBatch) => crossEntropy(model.forward(ids), targets);
      prune(model, { sparsity, match });
      lors(model, { method, rank, alpha, rankStabilized: false, match, seed, init: gradientSvd({ loss, batches }) });
      return adamw({ learningRate: schedule(learningRate, steps), weightDecay });
    },
  };
}

export const methods = {
  full: {
    learningRate: 0.0005,
    sparse: false,
    prepare: (_, { learningRate, steps }) => adamw({ learningRate: schedule(learningRate, steps), weightDecay }),
  },
  lora: {
    learningRate: 0.004,
    sparse: false,
    prepare(model, { rank, alpha, steps, learningRate, seed }) {
      lora(model, { rank, alpha, match, seed });
      return adamw({ learningRate: schedule(learningRate, steps), weightDecay });
    },
  },
  plora: {
    learningRate: 0.004,
    sparse: false,
    prepare(model, { rank, alpha, steps, stages, learningRate, seed }) {
      const stageSteps = Math.ceil(steps / stages);
      const inner = adamw({ learningRate: schedule(learningRate, stageSteps), weightDecay });
      return periodicLora(model, { rank, alpha, match, seed, stageSteps, inner }).transform;
    },
  },
  lors: sparse('lors'),
  flora: {
    learningRate: 0.01,
    sparse: false,
    prepare: (_, { rank, steps, learningRate, seed }) =>
      optimizers.flora.make({
        learningRate: schedule(learningRate, steps),
        rank,
        refreshEvery: 100,
        ordering: 'paper',
        projector: 'gaussian',
        seed,
      }),
  },
  sqft: sparse('sqft'),
  'sp-lora': sparse('sp-lora'),
  spp: sparse('spp'),
} satisfies Record<string, Method>;

export type MethodName = keyof typeof methods;
export const methodNames = Object.keys(methods) as MethodName[];
