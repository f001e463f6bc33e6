import type { TextBatch } from '../../../data/text-dataset';
import { adamw, crossEntropy, gradientSvd, lors, prune } from '../../../index';
import { warmedUp } from '../../schedule';
import { type MethodRow, match, weightDecay } from '../method-row';

/** LoRS and its baselines start alike: from a pruned model, with A along the gradient. */
const sparse = (method: 'lors' | 'sqft' | 'sp-lora' | 'spp') =>
  ({
    learningRate: 0.002,
    sparse: true,
    prepare(model, { rank, alpha, sparsity, steps, learningRate, seed, batches }) {
      const loss = ({ ids, targets }: TextBatch) => crossEntropy(model.forward(ids), targets);
      prune(model, { sparsity, match });
      lors(model, { method, rank, alpha, rankStabilized: false, match, seed, init: gradientSvd({ loss, batches }) });
      return adamw({ learningRate: warmedUp(learningRate, steps), weightDecay });
    },
  }) satisfies Omit<MethodRow, 'name'>;

/** Adapters of a pruned model. */
export const sparseRows = [
  { name: 'lors', ...sparse('lors') },
  { name: 'sqft', baselineOf: 'lors', ...sparse('sqft') },
  { name: 'sp-lora', baselineOf: 'lors', ...sparse('sp-lora') },
  { name: 'spp', baselineOf: 'lors', ...sparse('spp') },
] as const satisfies readonly MethodRow[];
