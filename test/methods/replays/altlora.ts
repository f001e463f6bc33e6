import { type AltLoraPlusOptions, altLora, altLoraPlus } from '../../../src/index';
import { followPair, type Recorded, type Replay } from '../replay';

/** The program takes both gradients before the step, as the transform alone does. */
const make = ({ options }: Recorded, changed: Partial<AltLoraPlusOptions> = {}) => {
  const [beta1, beta2] = options.betas as [number, number];
  const {
    lr: learningRate,
    reg: damping,
    weight_decay: weightDecay,
    eps: epsilon,
  } = options as Readonly<Record<string, number>> & { readonly lr: number };
  const usual = { learningRate, beta1, damping, weightDecay, ...changed };
  const made = options.plus === true ? altLoraPlus({ beta2, epsilon, ...usual }) : altLora(usual);
  return made.transform;
};

const names = ['altlora', 'altlora-plus', 'altlora-decay-reg'];

export const altLoraReplays: readonly Replay[] = names.map((name) => ({
  file: 'altlora',
  name,
  follow: (one) => followPair(one, make(one)),
  unlike: (one) => followPair(one, make(one, { damping: 0.01 })),
}));
