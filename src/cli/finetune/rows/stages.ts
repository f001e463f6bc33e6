import { adamw, xgbLora } from '../../../index';
import { warmedUp } from '../../schedule';
import { type MethodRow, match, weightDecay } from '../method-row';

/** What goes into the weights stage by stage, beside PeriodicLoRA. */
export const stageRows = [
  {
    name: 'xgb-lora',
    family: 'boosting',
    learningRate: 0.004,
    staged: true,
    prepare(model, { rank, alpha, steps, stages, learningRate, seed }) {
      const stageSteps = Math.ceil(steps / stages);
      const inner = adamw({ learningRate: warmedUp(learningRate, stageSteps), weightDecay });
      // Its rank is 1 and its scale α, which is that of the others at α/rank.
      return xgbLora(model, { alpha: alpha / rank, match, seed, stageSteps, inner }).transform;
    },
  },
] as const satisfies readonly MethodRow[];
