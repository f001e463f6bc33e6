import { adamw, flatLora, geoLora, imbalanceLora, piLora, rmLora } from '../../../index';
import { warmedUp } from '../../schedule';
import { type MethodRow, match, weightDecay } from '../method-row';
import { pairs } from './pairs';

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
  { name: 'rm-lora', ...pairs(0.004, ({ learningRate, seed }) => rmLora({ learningRate, seed })) },
  { name: 'imbalance-lora', ...pairs(0.004, ({ learningRate }) => imbalanceLora({ learningRate })) },
  { name: 'pi-lora', ...pairs(0.004, ({ learningRate }) => piLora({ learningRate })) },
] as const satisfies readonly MethodRow[];
