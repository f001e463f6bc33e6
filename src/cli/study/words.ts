import type { Option } from '../../base/options';
import type { Projector } from '../../compress/projector';
import type { StudiedGradient } from '../../study';
import { rank } from '../common-options';
import { type NamedPath, namedPath } from '../files';
import { checkGradient, checkRank } from '../limits';
import { type CommandOptions, option } from '../options';
import { listOf, matrixShape, oneOf, positive, steps, type Typed, whole, words } from '../values';
import { checkSources, type GradientSettings, gradientsOf } from './gradients';
import { projectorsNamed, projectorWords, theProjector } from './projectors';
import { familyNames, source } from './sources';

/** How an option of a question is typed. */
interface Word {
  /** The options of the command, with what holds where they are left out. */
  options(about: Asked): CommandOptions;
  /** Refuse what can be refused before any file is read. */
  check?(settings: Values): void;
  /** Files that will be read. */
  read?(settings: Values, cwd: string): readonly (NamedPath | undefined)[];
  /** The value for the question. */
  value(settings: Values, about: Asked & { readonly cwd: string }): unknown;
}

type Values = Readonly<Record<string, unknown>>;

/** What holds where nothing is said. */
interface Usual {
  readonly shape: readonly [rows: number, columns: number];
  readonly ranks: readonly number[];
}

/** What is known of the question. */
interface Asked {
  readonly otherwise: unknown;
  readonly usual: Usual;
}

/** A plain option: typed as `name`, which is the option's own name in camel case. */
const plain = <T>(name: string, kind: Typed<T>, placeholder: string, help: string): Word => ({
  options: ({ otherwise }) => {
    const infinite = Array.isArray(otherwise) && otherwise.includes(Infinity);
    const shown = infinite && otherwise.map((x) => (x === Infinity ? 'never' : x)).join(',');
    return { [name]: { ...option(kind, placeholder, help, otherwise as T), ...(shown && { shown }) } };
  },
  value: (settings) => settings[name],
});

/** Options of questions by their names, and how they are typed: one word means the same in every question. */
const vocabulary: Readonly<Record<string, Word>> = {
  gradients: {
    options: ({ usual }) => ({
      gradient: {
        ...option(
          listOf(source),
          'LIST',
          `what is projected: ${familyNames.join(', ')}, or captured:FILE of floragrad train --capture`,
          [{ family: 'gaussian' }],
        ),
        shown: 'gaussian',
      },
      shape: {
        ...option(listOf(matrixShape), 'LIST', 'rows x columns of random gradients'),
        shown: usual.shape.join('x'),
      },
      parameters: option(words, 'GLOB', 'which captured gradients; * stands for any characters'),
    }),
    check(settings) {
      const read = settings as unknown as GradientSettings;
      checkSources(read);
      for (const shape of read.shape ?? []) checkGradient(shape);
    },
    read: (settings, cwd) =>
      (settings as unknown as GradientSettings).gradient.map((one) =>
        'file' in one ? namedPath('gradient', one.file, cwd) : undefined,
      ),
    value: (settings, { usual, cwd }) => gradientsOf(settings as unknown as GradientSettings, usual.shape, cwd),
  },
  projectors: {
    options: ({ otherwise }) => ({
      projector: option(
        listOf(projectorWords),
        'LIST',
        'what to compare: names, all, or ./mine.js, a module that exports projectors',
        (otherwise as readonly Projector[]).map(({ name }) => name),
      ),
    }),
    value: ({ projector }, { cwd }) => projectorsNamed(projector as readonly string[], cwd),
  },
  projector: {
    options: ({ otherwise }) => ({
      projector: option(
        projectorWords,
        'NAME',
        'how gradients are projected: a name, or ./mine.js, a module that exports a projector',
        (otherwise as Projector).name,
      ),
    }),
    value: ({ projector }, { cwd }) => theProjector(projector as string, cwd),
  },
  ranks: {
    options: ({ usual }) => ({ rank: option(listOf(rank), 'LIST', 'rows of the projection', usual.ranks) }),
    value: (settings) => settings.rank,
  },
  trials: plain('trials', whole(1, 1_000_000), 'N', 'independent projections behind each row'),
  intervals: plain('every', listOf(steps), 'LIST', 'steps between new projections, or never'),
  policies: plain(
    'onRefresh',
    listOf(oneOf(['transfer', 'reset', 'keep'])),
    'LIST',
    'what a new projection does to the momentum',
  ),
  dimension: plain('dimension', whole(1, 4096), 'N', 'rows and columns of the teacher'),
  steps: plain('steps', whole(1, 1_000_000), 'N', 'steps of each training'),
  decay: plain('momentum', positive({ below: 1 }), 'B', 'weight of the past in the momentum'),
  learningRates: plain('learningRates', listOf(positive({ upTo: 1e38 })), 'LIST', 'the grid of learning rates'),
  learningRate: plain('learningRate', positive({ upTo: 1e38 }), 'X', 'learning rate of each training'),
  ages: plain('age', listOf(whole(0, 1_000_000)), 'LIST', 'make projections of the gradient that many steps before'),
  batches: plain('batches', listOf(whole(1, 65_536)), 'LIST', 'micro-batches that are averaged'),
  noise: plain(
    'noise',
    positive({ upTo: 1e6 }),
    'X',
    'squared size of the noise of a micro-batch, relative to that of the gradient',
  ),
  refreshes: plain('refreshes', whole(1, 1000), 'N', 'new projections in a row'),
  directions: plain(
    'directions',
    whole(0, 1000),
    'N',
    'random directions to look along, besides the two that stand out',
  ),
  effect: plain('effect', positive({ upTo: 1e6 }), 'X', 'the bias that must be seen, relative to the gradient'),
  failureChance: plain('failureChance', positive({ below: 1 }), 'X', 'how often a promise may fail'),
  seeds: plain('seeds', whole(1, 1000), 'N', 'repetitions, each of other random numbers'),
};

/** The options of a command that asks with these, and what is done with them. */
export function spelled(
  specification: Readonly<Record<string, Option<unknown, unknown>>>,
  { shape = [64, 128], ranks = [4, 16, 64] }: Partial<Usual> = {},
) {
  const usual = { shape, ranks };
  const used = Object.entries(specification)
    .filter(([name]) => name !== 'seed')
    .map(([name, { otherwise }]) => ({ name, word: vocabulary[name] as Word, about: { otherwise, usual } }));
  return {
    options: Object.assign({}, ...used.map(({ word, about }) => word.options(about))) as CommandOptions,
    check(settings: Values, cwd: string): readonly (NamedPath | undefined)[] {
      for (const { word } of used) word.check?.(settings);
      checkRanks(settings, usual);
      return used.flatMap(({ word }) => word.read?.(settings, cwd) ?? []);
    },
    async values(settings: Values, cwd: string): Promise<Values> {
      const values: Record<string, unknown> = { seed: settings.seed };
      for (const { name, word, about } of used) values[name] = await word.value(settings, { ...about, cwd });
      for (const { name, gradient } of (values.gradients ?? []) as readonly StudiedGradient[])
        for (const rank of ranksOf(settings)) checkRank(rank, gradient.shape as [number, number], ` ${name}`);
      return values;
    },
  };
}

/** Ranks that no gradient of these shapes has are refused before anything is read. */
function checkRanks(settings: Values, usual: Usual): void {
  const { gradient, shape, dimension } = settings as unknown as Partial<GradientSettings> & { dimension?: number };
  const random = gradient?.some((one) => 'family' in one) ? (shape ?? [usual.shape]) : [];
  const square = dimension === undefined ? [] : [[dimension, dimension] as const];
  for (const one of [...random, ...square]) for (const rank of ranksOf(settings)) checkRank(rank, one, '');
}

const ranksOf = ({ rank }: Values): readonly number[] => (rank ?? []) as readonly number[];
