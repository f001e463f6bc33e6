import type { TextBatch } from '../../../data/text-dataset';
import {
  adaLora,
  adamw,
  blockStates,
  crossEntropy,
  geLoraRanks,
  goraRanks,
  lora,
  mul,
  partition,
  pissa,
  reallocateRanks,
  sora,
  soraGate,
  weLoreRanks,
} from '../../../index';
import { warmedUp } from '../../schedule';
import { type MethodRow, match, weightDecay } from '../method-row';

/** LoRA at ranks that each layer has for itself, or comes to. */
export const rankRows = [
  {
    name: 'sora',
    learningRate: 0.004,
    family: 'with ranks of their own',
    adapter: true,
    prepare(model, { rank, alpha, steps, learningRate: peak, seed }) {
      // Twice the rank at the same scale, of which the gates close some.
      sora(model, { rank: 2 * rank, alpha: 2 * alpha, match, seed });
      const learningRate = warmedUp(peak, steps);
      const transforms = {
        gate: soraGate({ learningRate, lambda: 1 }),
        factors: adamw({ learningRate, weightDecay }),
      };
      return partition(transforms, (path) => (path.endsWith('.lora.gate') ? 'gate' : 'factors'));
    },
  },
  {
    name: 'ada-lora',
    learningRate: 0.02,
    family: 'with ranks of their own',
    adapter: true,
    prepare(model, { rank, alpha, steps, learningRate, seed }) {
      const policy = adaLora({
        inner: adamw({ learningRate: warmedUp(learningRate, steps), weightDecay }),
        steps,
        initialRank: Math.ceil(1.5 * rank),
        rank,
        warmup: Math.floor(steps / 10),
        final: Math.floor(steps / 5),
      });
      lora(model, { rank: policy, alpha, match, seed });
      return policy.transform;
    },
  },
  {
    name: 'ge-lora',
    learningRate: 0.01,
    family: 'with ranks of their own',
    adapter: true,
    prepare(model, { alpha, steps, learningRate, seed, batches }) {
      const blocks = model.blocks.map((_, i) => `blocks.${i}`);
      const run = (): void => {
        for (const { ids } of batches) model.forward(ids);
      };
      lora(model, { rank: geLoraRanks({ states: blockStates(model, { blocks, run }) }), alpha, match, seed });
      return adamw({ learningRate: warmedUp(learningRate, steps), weightDecay });
    },
  },
  {
    name: 'gora-ranks',
    learningRate: 0.004,
    family: 'with ranks of their own',
    adapter: true,
    prepare(model, { rank, alpha, steps, learningRate, seed, batches }) {
      const loss = ({ ids, targets }: TextBatch) => crossEntropy(model.forward(ids), targets);
      lora(model, { rank: goraRanks({ loss, batches, rank }), alpha, match, seed });
      return adamw({ learningRate: warmedUp(learningRate, steps), weightDecay });
    },
  },
  {
    name: 'para',
    learningRate: 0.004,
    family: 'with ranks of their own',
    adapter: true,
    prepare(model, { rank, alpha, steps, learningRate, seed }) {
      // Twice the rank at the same scale, of which half of the components stay, wherever they are largest.
      lora(model, { rank: 2 * rank, alpha: 2 * alpha, match, seed });
      return adamw({ learningRate: warmedUp(learningRate, steps), weightDecay });
    },
    finish: (model, { rank }) => reallocateRanks(model, { rank }),
  },
  {
    name: 'we-lore',
    learningRate: 0.002,
    family: 'with ranks of their own',
    prepare(model, { alpha, steps, learningRate, seed }) {
      const { adapted } = lora(model, {
        rank: weLoreRanks({ reduction: 0.5 }),
        alpha,
        match,
        seed,
        init: pissa(), // factors of the leading part, which leaves the rest in the weight
      });
      // What is left of those weights is dropped: from here on they are their low-rank factors.
      const dropped = new Set(adapted.map(({ path }) => `${path}.weight`));
      const state = Object.entries(model.state());
      model.load(Object.fromEntries(state.map(([path, t]) => [path, dropped.has(path) ? mul(t, 0) : t])));
      return adamw({ learningRate: warmedUp(learningRate, steps), weightDecay });
    },
  },
] as const satisfies readonly MethodRow[];
