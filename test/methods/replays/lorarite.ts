import { type LoraRiteOptions, loraRite } from '../../../src/index';
import { followPair, type Recorded, type Replay } from '../replay';

/** What a record leaves out has the program's default; 0 switches its limits off. */
const make = ({ options }: Recorded, changed: Partial<LoraRiteOptions> = {}) => {
  const limit = (name: string, otherwise: number): number =>
    ((options[name] as number | undefined) ?? otherwise) || Infinity;
  const [beta1, beta2] = options.betas as [number, number];
  return loraRite({
    learningRate: options.lr,
    beta1,
    beta2,
    clip: limit('clip_unmagnified_grad', 1),
    skip: limit('update_skipping', 1),
    cap: limit('update_capping', 0),
    escape: options.apply_escape === true,
    balance: options.balance_param === true,
    weightDecay: (options.weight_decay as number | undefined) ?? 0,
    ...changed,
  });
};

/** One rule of each record read otherwise. */
const otherwise: Readonly<Record<string, Partial<LoraRiteOptions>>> = {
  'default-clipped': { clip: Infinity },
  'skip-fires': { skip: Infinity },
  'escape-decay-cap': { escape: false },
};

export const loraRiteReplays: readonly Replay[] = Object.entries(otherwise).map(([name, changed]) => ({
  file: 'lorarite',
  name,
  follow: (one) => followPair(one, make(one)),
  unlike: (one) => followPair(one, make(one, changed)),
}));
