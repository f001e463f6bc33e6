import { matrixFilter } from '../../compress/filter';
import { flora } from '../../compress/flora';
import { adafactor, adam, adamw, type Filter, type GradientTransform, type Schedule, sgd } from '../../index';
import { projectorNamed } from '../study/projectors';

/** What an optimizer of the command line is made from. */
interface OptimizerSettings {
  readonly learningRate: Schedule;
  /** Only ranked optimizers read what follows. */
  readonly rank: number;
  readonly refreshEvery: number;
  readonly ordering: Ordering;
  /** Weight of the past; only optimizers with momentum read it. */
  readonly momentum: number;
  /** One of `projectorNames`. */
  readonly projector: string;
  readonly seed: number;
}

export const orderings = ['paper', 'flora-opt'] as const;
type Ordering = (typeof orderings)[number];

/** An optimizer, and what a comparison must know of it. */
interface OptimizerRow<Name extends string = string> {
  readonly name: Name;
  /** As sentences call it. */
  readonly label: string;
  /** Peak of the schedule unless `--learning-rate` says otherwise. */
  readonly learningRate: number;
  /** It compresses by projection, and gives one run for each `--rank`. */
  readonly ranked?: true;
  /** It reads `momentum`. */
  readonly momentum?: true;
  /** It compresses something of another one, which is dense there: their losses and states are compared. */
  readonly compresses?: { readonly what: string; readonly of: Name };
  /** It is another one without something: the control for what that is worth. */
  readonly lacks?: { readonly what: string; readonly of: Name };
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
const rows = [
  {
    name: 'flora',
    label: 'Flora',
    learningRate: 0.05,
    ranked: true,
    momentum: true,
    compresses: { what: 'momentum', of: 'adafactor' },
    make: ({ projector, momentum, ...settings }) =>
      flora({ ...settings, beta: momentum, projector: projectorNamed(projector), filter: blockWeights(settings.rank) }),
  },
  {
    name: 'adafactor',
    label: 'Adafactor',
    learningRate: 0.05,
    momentum: true,
    make: ({ learningRate, momentum }) => adafactor({ learningRate, momentum }),
  },
  {
    name: 'none',
    label: 'Adafactor without momentum',
    learningRate: 0.05,
    lacks: { what: 'momentum', of: 'adafactor' },
    make: ({ learningRate }) => adafactor({ learningRate }),
  },
  {
    name: 'adamw',
    label: 'AdamW',
    learningRate: 0.002,
    make: ({ learningRate }) => adamw({ learningRate, weightDecay: 0.01 }),
  },
  { name: 'adam', label: 'Adam', learningRate: 0.002, make: ({ learningRate }) => adam({ learningRate }) },
  {
    name: 'sgd',
    label: 'SGD',
    learningRate: 0.3,
    momentum: true,
    make: ({ learningRate, momentum }) => sgd({ learningRate, momentum }),
  },
] as const satisfies readonly OptimizerRow[];

export type OptimizerName = (typeof rows)[number]['name'];
export type Optimizer = OptimizerRow<OptimizerName>;

/** The names, in the order in which help has them. */
export const optimizerNames: readonly OptimizerName[] = rows.map(({ name }) => name);

export const optimizers = Object.fromEntries(rows.map((row) => [row.name, row])) as Readonly<
  Record<OptimizerName, Optimizer>
>;

const moved = rows.filter((row: Optimizer) => row.momentum).map(({ name }) => name);

/** The optimizers that have momentum, as sentences have them. */
export const withMomentum = `${moved.slice(0, -1).join(', ')} and ${moved.at(-1)}`;

const ranked = rows.filter((row: Optimizer) => row.ranked);

/** What is ranked, as sentences have it. */
export const compressing = ranked.map(({ label }) => label).join(' and ');
