import { adamw, lora, type Schedule } from '../../../index';
import { warmedUp } from '../../schedule';
import { type MethodRow, match, weightDecay } from '../method-row';

/** What others are held against: the base as it is, and LoRA under the learning rate of the methods that have stages. */
export const controlRows = [
  { name: 'none', family: 'controls', learningRate: null, prepare: () => null },
  {
    name: 'lora-cyclic',
    family: 'controls',
    learningRate: 0.004,
    staged: true,
    adapter: true,
    prepare(model, { rank, alpha, steps, stages, learningRate, seed }) {
      lora(model, { rank, alpha, match, seed });
      return adamw({ learningRate: warmedUpEach(learningRate, Math.ceil(steps / stages)), weightDecay });
    },
  },
] as const satisfies readonly MethodRow[];

/** A rise and a fall in every stage. */
function warmedUpEach(peak: number, stageSteps: number): Schedule {
  const stage = warmedUp(peak, stageSteps);
  return (step) => stage(step % stageSteps);
}
