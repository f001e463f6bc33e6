import { adamw, lora, periodicLora } from '../../../index';
import { warmedUp } from '../../schedule';
import { optimizers } from '../../train/optimizers';
import { trainOptions } from '../../train/options';
import { presets } from '../../train/presets';
import { type MethodRow, match, weightDecay } from '../method-row';

/** Full fine-tuning, LoRA, LoRA in stages, and full fine-tuning with compressed gradients. */
export const usualRows = [
  {
    name: 'full',
    learningRate: 0.0005,
    prepare: (_, { learningRate, steps }) => adamw({ learningRate: warmedUp(learningRate, steps), weightDecay }),
  },
  {
    name: 'lora',
    learningRate: 0.004,
    adapter: true,
    prepare(model, { rank, alpha, steps, learningRate, seed }) {
      lora(model, { rank, alpha, match, seed });
      return adamw({ learningRate: warmedUp(learningRate, steps), weightDecay });
    },
  },
  {
    name: 'plora',
    learningRate: 0.004,
    staged: true,
    prepare(model, { rank, alpha, steps, stages, learningRate, seed }) {
      const stageSteps = Math.ceil(steps / stages);
      const inner = adamw({ learningRate: warmedUp(learningRate, stageSteps), weightDecay });
      return periodicLora(model, { rank, alpha, match, seed, stageSteps, inner }).transform;
    },
  },
  {
    name: 'flora',
    learningRate: 0.01,
    projects: optimizers.flora.label,
    prepare: (_, { rank, steps, learningRate, seed }) =>
      optimizers.flora.make({
        learningRate: warmedUp(learningRate, steps),
        rank,
        refreshEvery: presets.default.refreshEvery,
        ordering: 'paper',
        momentum: 0.9,
        projector: trainOptions.projector.otherwise,
        seed,
      }),
  },
] as const satisfies readonly MethodRow[];
