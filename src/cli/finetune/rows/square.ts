import { adamw, auroRa, lily, loraMini, mora, nora, vectorFit, vera } from '../../../index';
import type { GPT } from '../../../nn';
import { warmedUp } from '../../schedule';
import { type MethodRow, type MethodSettings, match, weightDecay } from '../method-row';

/** AdamW on adapters that have another shape than LoRA's. */
const adapters = (learningRate: number, attach: (model: GPT, settings: MethodSettings) => unknown) =>
  ({
    learningRate,
    family: 'of another form',
    adapter: true,
    prepare(model, settings) {
      attach(model, settings);
      return adamw({ learningRate: warmedUp(settings.learningRate, settings.steps), weightDecay });
    },
  }) as const satisfies Omit<MethodRow, 'name'>;

/** A square matrix, vectors around a shared pair, and small pairs between outer factors. */
export const squareRows = [
  { name: 'mora', ...adapters(0.01, (model, { rank }) => mora(model, { rank, match })) },
  { name: 'vera', ...adapters(0.1, (model, { rank, seed }) => vera(model, { rank, match, seed })) },
  // Without biases, which no weight has: what is measured is the change of the weights.
  { name: 'vector-fit', ...adapters(0.02, (model) => vectorFit(model, { bias: false, match })) },
  {
    name: 'lora-mini',
    ...adapters(0.02, (model, { rank, alpha, seed }) =>
      loraMini(model, { rank, alpha, inner: [4 * rank, 4 * rank], match, seed }),
    ),
  },
  {
    name: 'nora',
    ...adapters(0.04, (model, { rank, alpha, seed }) =>
      nora(model, { rank: 2 * rank, inner: rank, alpha, match, seed }),
    ),
  },
  {
    name: 'lily',
    ...adapters(0.004, (model, { rank, alpha, seed }) => lily(model, { rank, scale: alpha / rank, match, seed })),
  },
  {
    name: 'auro-ra',
    ...adapters(0.004, (model, { rank, alpha, seed }) => auroRa(model, { rank, alpha, match, seed })),
  },
] as const satisfies readonly MethodRow[];
