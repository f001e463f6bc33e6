import { adafactor, adam, type Filter, flora, type GradientTransform, type Schedule, sgd } from '../../src/index';
import { methods } from '../../src/study';
import { blocks } from '../reproduce/tasks/text';

/** What is compared: a method of the catalogue, or a reference. */
interface Entrant {
  readonly label: string;
  readonly ranked: boolean;
  make(settings: Settings): GradientTransform<unknown>;
}

interface Settings {
  readonly learningRate: Schedule;
  readonly rank: number;
  readonly refreshEvery: number;
  readonly seed: number;
}

/** The weight of the past in Adafactor and Flora: that of the main job, where it is worth something. */
const momentum = 0.5;

const floraWith =
  (onRefresh: 'transfer' | 'reset') =>
  (settings: Settings): GradientTransform<unknown> =>
    flora({ ...settings, beta: momentum, ordering: 'flora-opt', onRefresh, filter: blocks(settings.rank) });

/**
 * What the methods are held against: Adafactor with the momentum that Flora compresses and without it, and Adam with the
 * moments that most methods compress, and what is left without them, which is SGD.
 */
export const references = {
  none: {
    label: 'none: Adafactor without momentum',
    ranked: false,
    make: ({ learningRate }) => adafactor({ learningRate }),
  },
  adafactor: {
    label: `Adafactor, dense momentum ${momentum}`,
    ranked: false,
    make: ({ learningRate }) => adafactor({ learningRate, momentum }),
  },
  sgd: { label: 'SGD, no state at all', ranked: false, make: ({ learningRate }) => sgd({ learningRate }) },
  adam: { label: 'Adam, dense', ranked: false, make: ({ learningRate }) => adam({ learningRate }) },
  flora: { label: 'Flora, transfer', ranked: true, make: floraWith('transfer') },
  floraReset: { label: 'Flora, reset', ranked: true, make: floraWith('reset') },
} as const satisfies Readonly<Record<string, Entrant>>;

/** Everything that trains whole models, by name: the references first, then the rest of the catalogue in its order. */
export const entrants: Readonly<Record<string, Entrant>> = {
  ...references,
  ...Object.fromEntries(
    Object.entries(methods)
      .filter(([name, { trains }]) => trains === undefined && !(name in references))
      .map(([name, { label, ranked, make }]): [string, Entrant] => [
        name,
        { label, ranked, make: (settings) => make({ ...settings, filter: treated(settings.rank) }) },
      ]),
  ),
};

/** Weights of the blocks, as Flora compresses them; a method without a rank treats all of these. */
const treated = (rank: number): Filter => blocks(rank);

/** An entrant at a rank; null for one that has none. */
export interface Contender {
  readonly name: string;
  readonly rank: number | null;
}

export const labelOf = ({ name, rank }: Contender): string =>
  rank === null ? entrantOf(name).label : `${entrantOf(name).label} r ${rank}`;

export function entrantOf(name: string): Entrant {
  const entrant = entrants[name];
  if (!entrant) throw new Error(`nothing here is called ${name}: there are ${Object.keys(entrants).join(', ')}`);
  return entrant;
}

/** The transform of a contender; what has no rank treats matrices of rank 1 and more. */
export function transformOf({ name, rank }: Contender, settings: Omit<Settings, 'rank'>): GradientTransform<unknown> {
  return entrantOf(name).make({ ...settings, rank: rank ?? 1 });
}
