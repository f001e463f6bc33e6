import { type Filter, matrixFilter } from '../../compress/filter';
import { flora } from '../../compress/flora';
import { adafactor, adam, adamw, type GradientTransform, type Schedule, schedules, sgd } from '../../index';
import { projectorNamed } from '../study/projectors';

/** What an optimizer of the command line is made from. */
interface OptimizerSettings {
  readonly learningRate: Schedule;
  /** Only Flora reads what follows. */
  readonly rank: number;
  readonly refreshEvery: number;
  readonly ordering: Ordering;
  /** One of `projectorNames`. */
  readonly projector: string;
  readonly seed: number;
}

export const orderings = ['paper', 'flora-opt'] as const;
export type Ordering = (typeof orderings)[number];

interface Optimizer {
  /** Peak of the schedule unless `--learning-rate` says otherwise. */
  readonly learningRate: number;
  make(settings: OptimizerSettings): GradientTransform<unknown>;
}

/**
 * Flora compresses the weights of the transformer blocks. Rows of the embeddings and of the head belong to tokens and
 * positions, most of which a batch does not touch; flora-opt leaves them out too, by their aspect ratio.
 */
function blockWeights(rank: number): Filter {
  const matrices = matrixFilter({ rank });
  return (path, tensor) => (path.startsWith('blocks.') ? matrices(path, tensor) : 'rows are tokens or positions');
}

/**
 * Adafactor has dense momentum where Flora has its compressed one, and `none` has none there, so that the three differ in
 * the momentum alone. Without the last a table cannot say whether what Flora compresses is worth keeping.
 */
const momentum = 0.9;

export const optimizers = {
  flora: {
    learningRate: 0.05,
    make: ({ projector, ...settings }) =>
      flora({ ...settings, beta: momentum, projector: projectorNamed(projector), filter: blockWeights(settings.rank) }),
  },
  adafactor: { learningRate: 0.05, make: ({ learningRate }) => adafactor({ learningRate, momentum }) },
  none: { learningRate: 0.05, make: ({ learningRate }) => adafactor({ learningRate }) },
  adamw: { learningRate: 0.002, make: ({ learningRate }) => adamw({ learningRate, weightDecay: 0.01 }) },
  adam: { learningRate: 0.002, make: ({ learningRate }) => adam({ learningRate }) },
  sgd: { learningRate: 0.3, make: ({ learningRate }) => sgd({ learningRate, momentum }) },
} satisfies Record<string, Optimizer>;

export type OptimizerName = keyof typeof optimizers;
export const optimizerNames = Object.keys(optimizers) as OptimizerName[];

/** Up to the peak over the first twentieth of the steps, then down along a cosine. */
export function learningRateOf(name: OptimizerName, steps: number, peak?: number): Schedule {
  const warmup = Math.max(1, Math.round(steps / 20));
  return schedules.warmupCosine({ peak: peak ?? optimizers[name].learningRate, warmup, steps });
}
