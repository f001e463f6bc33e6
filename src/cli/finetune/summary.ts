import { percent } from '../../study/numbers';
import type { Column } from '../../study/table';
import { bytes, count, duration, meanOf, nats, overSeeds } from '../terminal/format';
import { meanOver, spreadOver } from '../terminal/table';
import { seedsOf } from '../train/plan';
import { type MethodName, stagedMethods } from './methods';
import type { FineTuneSettings } from './options';
import type { FineTunePlan, FineTuneResult } from './run';

/** What `finetune --json` writes. Losses in nats per character. */
export interface FineTuneOutput {
  readonly base: string;
  readonly data: string;
  /** Characters that the base does not know and that became spaces. */
  readonly replaced: number;
  readonly settings: Pick<FineTuneSettings, 'rank' | 'alpha' | 'sparsity' | 'stages' | 'steps'> & {
    readonly learningRate: number | null;
  };
  /** The peak of each method's schedule; null for what is not trained. */
  readonly learningRates: Readonly<Record<string, number | null>>;
  readonly runs: readonly FineTuneResult[];
  readonly command: string;
  readonly backend: Readonly<Record<string, string | number | boolean>>;
}

/** The runs of one method, over all seeds. */
export interface MethodGroup {
  readonly method: MethodName;
  readonly runs: readonly FineTuneResult[];
}

export function groupResults(runs: readonly FineTuneResult[]): MethodGroup[] {
  const names = [...new Set(runs.map(({ method }) => method))];
  return names.map((method) => ({ method, runs: runs.filter((run) => run.method === method) }));
}

/** The title of a run; it has the seed if there are several. */
export const resultTitle = ({ method, seed }: FineTunePlan, several: boolean): string =>
  several ? `${method}, seed ${seed}` : method;

const share = (field: 'sparsityBefore' | 'sparsityAfter', { runs }: MethodGroup): string =>
  percent(meanOf(runs.map((run) => run[field])).mean);

/** The table of results, in the terminal and in the report. */
export const fineTuneColumns: readonly Column<MethodGroup>[] = [
  { heading: 'method', cell: ({ method }) => method },
  { heading: 'before', align: 'right', cell: meanOver((run: FineTuneResult) => run.startLoss, nats) },
  { heading: 'validation loss', align: 'right', cell: spreadOver((run: FineTuneResult) => run.validationLoss, nats) },
  { heading: 'trained', align: 'right', cell: meanOver((run: FineTuneResult) => run.trainable, count) },
  { heading: 'state', align: 'right', cell: meanOver((run: FineTuneResult) => run.stateBytes, bytes) },
  { heading: 'peak memory', align: 'right', cell: meanOver((run: FineTuneResult) => run.peakBytes, bytes) },
  { heading: 'time', align: 'right', cell: meanOver((run: FineTuneResult) => run.seconds, duration) },
  {
    heading: 'rank of change',
    align: 'right',
    cell: ({ runs }) => {
      const ranks = runs.map(({ updateRank }) => updateRank).filter((rank) => rank !== null);
      return ranks.length > 0 ? meanOf(ranks).mean.toFixed(1) : '–';
    },
  },
  {
    heading: 'zeros',
    align: 'right',
    cell: (group) =>
      group.runs.some((run) => run.sparsityBefore > 0)
        ? `${share('sparsityBefore', group)} → ${share('sparsityAfter', group)}`
        : '–',
  },
];

/** What a reader must know to read the table. */
export function explainFineTuning({ settings, runs }: Pick<FineTuneOutput, 'settings' | 'runs'>): string[] {
  const { rank, alpha, stages, steps } = settings;
  const staged = stagedMethods.filter((name) => runs.some(({ method }) => method === name));
  const inStages = staged.length > 0 ? `; ${staged.join(', ')} in ${stages} stages` : '';
  return [
    'Losses are in nats per character; lower is better. "before" is the loss of the model that a method starts from,',
    'pruned where it adapts sparse weights, so compare those with each other.',
    `Rank ${rank}, alpha ${alpha}, ${steps} steps${inStages}. Adapters are on all weights of the blocks.`,
    'Peak memory: the most bytes alive in training, the model with them. Rank of change: mean over the blocks’ weights;',
    '– where what is learned is no change of a weight.',
    ...overSeeds(seedsOf(runs)),
  ];
}
