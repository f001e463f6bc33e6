import { adamw, flatLora, geoLora, imbalanceLora, lora, piLora, rmLora, type Schedule } from '../../../index';
import { warmedUp } from '../../schedule';
import { type MethodRow, match, type Training, weightDecay } from '../method-row';

/** LoRA's adapters from the same start, with a penalty or masks in their gradients. */
const regularized = (
  learningRate: number,
  train: (settings: { readonly learningRate: Schedule; readonly seed: number }) => Training,
) =>
  ({
    learningRate,
    trains: 'lora',
    adapter: true,
    prepare(model, { rank, alpha, steps, learningRate: peak, seed }) {
      lora(model, { rank, alpha, match, seed });
      return train({ learningRate: warmedUp(peak, steps), seed });
    },
  }) as const satisfies Omit<MethodRow, 'name'>;

/** Adapters that are trained with noise, with penalties, or in a geometry of their own. */
export const noiseRows = [
  {
    name: 'geo-lora',
    learningRate: 0.1,
    family: 'trained in another way',
    adapter: true,
    prepare: (model, { rank, alpha, steps, learningRate, seed }) =>
      geoLora(model, {
        rank,
        maxRank: 4 * rank,
        minRank: Math.min(2, rank),
        alpha,
        match,
        seed,
        learningRate: warmedUp(learningRate, steps),
      }).transform,
  },
  {
    name: 'flat-lora',
    learningRate: 0.004,
    family: 'trained in another way',
    adapter: true,
    prepare(model, { rank, alpha, steps, learningRate, seed }) {
      const inner = adamw({ learningRate: warmedUp(learningRate, steps), weightDecay });
      return flatLora(model, { rank, alpha, match, seed, steps, inner }).transform;
    },
  },
  { name: 'rm-lora', ...regularized(0.004, (settings) => rmLora(settings)) },
  { name: 'imbalance-lora', ...regularized(0.004, ({ learningRate }) => imbalanceLora({ learningRate })) },
  { name: 'pi-lora', ...regularized(0.004, ({ learningRate }) => piLora({ learningRate })) },
] as const satisfies readonly MethodRow[];
