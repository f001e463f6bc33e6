import {
  adamw,
  altLora,
  altLoraPlus,
  chain,
  lora,
  loraPlus,
  loraRite,
  preconditionPairs,
  type Schedule,
  type TwiceEvaluated,
} from '../../../index';
import { warmedUp } from '../../schedule';
import { type MethodRow, match, type Training, weightDecay } from '../method-row';

/** AltLoRA's usual mean reaches over a thousand steps, which a run here does not have. */
const quick = { beta1: 0.9, weightDecay };

/** LoRA's adapters from the same start, whose factors are moved together or by other rates. */
export const pairs = (
  learningRate: number,
  train: (settings: { readonly learningRate: Schedule; readonly scale: number; readonly seed: number }) => Training,
) =>
  ({
    learningRate,
    trains: 'lora',
    adapter: true,
    prepare(model, { rank, alpha, steps, learningRate: peak, seed }) {
      lora(model, { rank, alpha, match, seed });
      return train({ learningRate: warmedUp(peak, steps), scale: alpha / rank, seed });
    },
  }) as const satisfies Omit<MethodRow, 'name'>;

/** The type of a state is a matter between a transform and its gradients, which a list of rows cannot express. */
const twice = <S>(training: TwiceEvaluated<S>): Training => training as Training;

/** LoRA that is trained in another way. */
export const pairRows = [
  { name: 'lora-plus', ...pairs(0.001, ({ learningRate }) => loraPlus({ learningRate })) },
  { name: 'lora-rite', ...pairs(0.004, ({ learningRate, scale }) => loraRite({ learningRate, scale })) },
  {
    name: 'alt-lora',
    twice: true,
    ...pairs(0.1, ({ learningRate, scale }) => twice(altLora({ learningRate, scale, ...quick }))),
  },
  {
    name: 'alt-lora-plus',
    twice: true,
    ...pairs(0.004, ({ learningRate, scale }) => twice(altLoraPlus({ learningRate, scale, ...quick }))),
  },
  {
    name: 'riemannian-lora',
    ...pairs(0.004, ({ learningRate }) => chain(preconditionPairs(), adamw({ learningRate, weightDecay }))),
  },
] as const satisfies readonly MethodRow[];
