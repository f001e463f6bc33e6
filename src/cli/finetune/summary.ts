import { bytes, count, duration, meanOf, nats, percent, spread } from '../terminal/format';
import type { Column } from '../terminal/table';
import type { FineTuneResult, FineTuneSettings } from './run';

/** What `finetune --json` writes. Losses in nats per character. */
export interface FineTuneOutput {
  readonly base: string;
  readonly data: string;
  /** Characters that the base does not know and that became spaces. */
  readonly replaced: number;
  readonly settings: Omit<FineTuneSettings, 'learningRate'> & { readonly learningRate: number | null };
  /** The peak of each method's schedule. */
  readonly learningRates: Readonly<Record<string, number>>;
  readonly runs: readonly FineTuneResult[];
  readonly command: string;
  readonly backend: Readonly<Record<string, string | number | boolean>>;
}

/** The runs of one method, over all seeds. */
export interface MethodGroup {
  readonly method: string;
  readonly runs: readonly FineTuneResult[];
}

export function groupResults(runs: readonly FineTuneResult[]): MethodGroup[] {
  const names = [...new Set(runs.map(({ method }) => method))];
  return names.map((method) => ({ method, runs: runs.filter((run) => run.method === method) }));
}

type Field = 'startLoss' | 'validationLoss' | 'trainable' | 'stateBytes' | 'peakBytes' | 'seconds' | 'updateRank';
const over = (field: Field, show: (x: number) => string) => {
  return ({ runs }: MethodGroup): string =>
    spread(
      runs.map((run) => run[field]),
      show,
    );
};
const mean = (field: Field, show: (x: number) => string) => {
  return ({ runs }: MethodGroup): string => show(meanOf(runs.map((run) => run[field])).mean);
};
const share = (field: 'sparsityBefore' | 'sparsityAfter', { runs }: MethodGroup): string =>
  percent(meanOf(runs.map((run) => run[field])).mean);

/** The table of results, in the terminal and in the report. */
export const fineTuneColumns: readonly Column<MethodGroup>[] = [
  { heading: 'method', cell: ({ method }) => method },
  { heading: 'before', align: 'right', cell: mean('startLoss', nats) },
  { heading: 'validation loss', align: 'right', cell: over('validationLoss', nats) },
  { heading: 'trained', align: 'right', cell: mean('trainable', count) },
  { heading: 'state', align: 'right', cell: mean('stateBytes', bytes) },
  { heading: 'peak memory', align: 'right', cell: mean('peakBytes', bytes) },
  { heading: 'time', align: 'right', cell: mean('seconds', duration) },
  { heading: 'rank of change', align: 'right', cell: mean('updateRank', (x) => x.toFixed(1)) },
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
  const seeds = new Set(runs.map((run) => run.seed)).size;
  const { rank, alpha, stages, steps } = settings;
  return [
    'Losses are in nats per character; lower is better. "before" is the loss of the model that a method starts from,',
    'pruned where it adapts sparse weights, so compare those with each other.',
    `Rank ${rank}, alpha ${alpha}, ${steps} steps; plora in ${stages} stages. Adapters are on all weights of the blocks.`,
    'Peak memory: the most bytes alive in training, the model with them. Rank of change: mean over the blocks’ weights.',
    ...(seeds > 1 ? [`Losses are means over ${seeds} seeds ± their standard deviation.`] : []),
  ];
}
