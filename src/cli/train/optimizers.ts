import { matrixFilter } from '../../compress/filter';
import { flora } from '../../compress/flora';
import {
  adafactor,
  adam,
  adamw,
  eye,
  type Filter,
  type GradientTransform,
  type LeafRule,
  noGrad,
  type Schedule,
  schedules,
  sgd,
} from '../../index';
import { type Method, type MethodName, methods } from '../../study';
import { projectorNamed } from '../study/projectors';

/** What an optimizer of the command line is made from. */
interface OptimizerSettings {
  readonly learningRate: Schedule;
  /** Only ranked optimizers read what follows. */
  readonly rank: number;
  readonly refreshEvery: number | LeafRule;
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
  readonly ranked?: boolean;
  /** It reads `projector` and `ordering`. */
  readonly projects?: true;
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
    projects: true,
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

/** `apolloMini` → `apollo-mini`, `sinkGD` → `sink-gd`. */
type Typed<Name extends string, AfterSmall extends boolean = false> = Name extends `${infer First}${infer Rest}`
  ? First extends Lowercase<First>
    ? `${First}${Typed<Rest, true>}`
    : `${AfterSmall extends true ? '-' : ''}${Lowercase<First>}${Typed<Rest>}`
  : Name;

const typed = (name: string): OptimizerName =>
  name.replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, '-').toLowerCase() as OptimizerName;

export type OptimizerName = (typeof rows)[number]['name'] | Typed<MethodName>;
export type Optimizer = OptimizerRow<OptimizerName>;

/** A method of the catalogue, with its own learning rate and on the weights that Flora compresses. */
function fromCatalogue(name: string, { label, learningRate, ranked, make }: Method): Optimizer {
  return {
    name: typed(name),
    label,
    learningRate,
    ranked,
    make: ({ learningRate, rank, refreshEvery, seed }) =>
      make({ learningRate, rank, refreshEvery, seed, filter: blockWeights(rank) }),
  };
}

/** What trains whole models, and has no row of its own above. */
const catalogue = Object.entries(methods)
  .filter(([, { trains }]) => trains === undefined)
  .map(([name, method]) => fromCatalogue(name, method))
  .filter(({ name }) => rows.every((row) => row.name !== name));
const all: readonly Optimizer[] = [...rows, ...catalogue];

/** The names, in the order in which help has them. */
export const optimizerNames: readonly OptimizerName[] = all.map(({ name }) => name);

/** From this one on, the names are those of the catalogue. */
export const firstOfCatalogue = catalogue[0]?.name;

export const optimizers = Object.fromEntries(all.map((row) => [row.name, row])) as Readonly<
  Record<OptimizerName, Optimizer>
>;

const moved = all.filter((row) => row.momentum).map(({ name }) => name);

/** The optimizers that have momentum, as sentences have them. */
export const withMomentum = `${moved.slice(0, -1).join(', ')} and ${moved.at(-1)}`;

/** What takes a projector and an order of steps, as sentences have it. */
export const projecting = all
  .filter((row) => row.projects)
  .map(({ label }) => label)
  .join(' and ');

/** Whether an optimizer reads `refreshEvery`: it is asked, on one small weight, with a rule in its place. */
export function refreshes({ make }: Pick<Optimizer, 'make'>): boolean {
  let asked = false;
  const refreshEvery = (): number => {
    asked = true;
    return 1;
  };
  const weight = { 'blocks.weight': eye(2) };
  const settings = { learningRate: schedules.constant(1), rank: 1, ordering: 'paper', momentum: 0.5, seed: 0 } as const;
  const { init, update } = make({ ...settings, projector: 'gaussian', refreshEvery });
  let state = noGrad(() => init(weight));
  for (let step = 0; step < 2; step++) [, state] = noGrad(() => update(weight, state, weight));
  return asked;
}
