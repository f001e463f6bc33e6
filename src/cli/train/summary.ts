import { backend } from '../../index';
import type { Column } from '../../study/table';
import { backendLine, bytes, count, duration, meanOf, nats, overSeeds } from '../terminal/format';
import type { Screen } from '../terminal/io';
import { profileLines } from '../terminal/profile-table';
import { facts, meanOver, showResults, spreadOver } from '../terminal/table';
import { type Comparison, comparisonOf, comparisons } from './comparison';
import { optimizers } from './optimizers';
import type { TrainSettings } from './options';
import type { ModelSize, RunResult, TrainOutput } from './output';
import { type Paired, paired } from './paired';
import { type RunPlan, runName, runTitle, seedsOf } from './plan';

/** The runs of one optimizer at one rank, over all seeds. */
export interface RunGroup {
  readonly name: string;
  readonly runs: readonly RunResult[];
  /** The comparison that its optimizer is a part of, compressed or dense. */
  readonly comparison: Comparison | undefined;
  /**
   * How much lower its loss is than that of the control, seed by seed; `null` for what is compared with none, and for the
   * control itself.
   */
  readonly gain: Paired | null;
}

/** Runs by optimizer and rank, in the order of their first run. */
export function groupRuns({ runs }: Pick<TrainOutput, 'runs'>): RunGroup[] {
  const groups = new Map<string, RunResult[]>();
  for (const run of runs) groups.set(runName(run), [...(groups.get(runName(run)) ?? []), run]);
  return [...groups.values()].map((group) => {
    const { optimizer, rank } = group[0] as RunResult;
    const comparison = comparisonOf(optimizer);
    const control = comparison?.control && groups.get(comparison.control);
    return {
      name: runName({ optimizer, rank }),
      runs: group,
      comparison,
      gain: control ? gainOver(control, group) : null,
    };
  });
}

/** Over the seeds that both have. */
function gainOver(control: readonly RunResult[], runs: readonly RunResult[]): Paired {
  const without = new Map(control.map(({ seed, validationLoss }) => [seed, validationLoss]));
  return paired(
    runs.flatMap(({ seed, validationLoss }) => {
      const loss = without.get(seed);
      return loss === undefined ? [] : [loss - validationLoss];
    }),
  );
}

/** A gain, with its interval where there is one. */
function gainText({ mean, interval }: Paired): string {
  return interval ? `${signed(mean)} [${signed(interval[0])}, ${signed(interval[1])}]` : signed(mean);
}

const signed = (x: number): string =>
  nats(x)
    .replace('-', '−')
    .replace(/^−(?=[0.]*$)/, '');

const first = (field: 'stateBytes' | 'peakBytes') => {
  return ({ runs }: RunGroup): string => bytes(runs[0]?.[field] ?? 0);
};

/** The table of results, in the terminal and in the report. */
export const runColumns: readonly Column<RunGroup>[] = [
  { heading: 'optimizer', cell: ({ runs }) => runs[0]?.optimizer ?? '' },
  { heading: 'rank', align: 'right', cell: ({ runs }) => String(runs[0]?.rank ?? '–') },
  { heading: 'validation loss', align: 'right', cell: spreadOver((run: RunResult) => run.validationLoss, nats) },
  { heading: 'gain', align: 'right', cell: ({ gain }) => (gain === null ? '–' : gainText(gain)) },
  { heading: 'state', align: 'right', cell: first('stateBytes') },
  { heading: 'peak memory', align: 'right', cell: first('peakBytes') },
  { heading: 'tokens per s', align: 'right', cell: meanOver((run: RunResult) => run.tokensPerSecond, count) },
  { heading: 'time', align: 'right', cell: meanOver((run: RunResult) => run.seconds, duration) },
];

/** What a reader must know to read the table. */
export function explainResults(output: Pick<TrainOutput, 'task' | 'runs'>): string[] {
  const { unigramEntropy, bigramEntropy } = output.task;
  const groups = groupRuns(output);
  return [
    'Losses are in nats per character; lower is better.',
    `A model that only counts characters scores ${nats(unigramEntropy)}, one that counts pairs ${nats(bigramEntropy)}.`,
    ...overSeeds(seedsOf(output.runs)),
    ...comparisons.flatMap((comparison) => gateLines(groups, comparison)),
  ];
}

/** Whether what is compressed is worth anything on this task, and how much of that is kept. */
export function gateLines(groups: readonly RunGroup[], { compressed, control, dense, what }: Comparison): string[] {
  const [none, full] = [control, dense].map((name) => groups.find((group) => group.name === name));
  if (control === undefined || !none || !full?.gain) return [];
  const { mean, interval } = full.gain;
  const gain = [
    `Gain: how much lower the loss is than that of ${control}, ${optimizers[control].label}, the control${interval ? ', seed by seed, with its 95 % interval' : ''}.`,
  ];
  if (!interval) return [...gain, `One seed: whether ${what} is worth anything on this task cannot be told from it.`];
  if (interval[0] <= 0) {
    return [
      ...gain,
      `Gate not passed: dense ${what} gains ${gainText(full.gain)}, so this comparison cannot tell what compressing ${what} costs.`,
    ];
  }
  const kept = groups
    .filter(({ name, gain }) => name !== full.name && gain !== null)
    .map(
      ({ name, gain, runs }) =>
        `${name} keeps ${share((gain as Paired).mean / mean)} of that, with ${share(stateOf(runs) / stateOf(full.runs))} of the state`,
    );
  return [
    ...gain,
    `Gate passed: dense ${what} gains ${gainText(full.gain)}, so what ${compressed} compresses matters on this task.`,
    ...(kept.length > 0 ? [`${kept.join('; ')}.`] : []),
  ];
}

const stateOf = (runs: readonly RunResult[]): number => runs[0]?.stateBytes ?? 0;
const share = (fraction: number): string => `${Math.round(100 * fraction)} %`.replace('-', '−');

/** The mean validation loss over the seeds. */
export const lossOf = ({ runs }: Pick<RunGroup, 'runs'>): number => meanOf(runs.map((run) => run.validationLoss)).mean;

/** What is about to happen. */
export function introduce(
  out: Screen,
  settings: TrainSettings,
  about: { task: TrainOutput['task']; model: ModelSize; characters: number; plans: readonly RunPlan[] },
): void {
  const { task, model, characters, plans } = about;
  const fact = facts(out);
  const tokens = settings.steps * settings.batch * settings.context;
  const names = [...new Set(plans.map(runName))].join(', ');
  fact('data', `${task.data}, ${count(characters)} characters, ${model.vocabularySize} different`);
  fact('model', `GPT with ${count(model.parameters)} parameters: ${model.layers} layers of width ${model.width}`);
  fact('compare', settings.seeds > 1 ? `${names}, each from ${settings.seeds} seeds` : names);
  fact(
    'each',
    `${count(settings.steps)} steps of ${settings.batch} x ${settings.context}, ${count(tokens)} characters`,
  );
  fact('backend', backendLine(backend().describe()));
  out.line();
}

/** Where the time of a step of this run went, if `--profile` asked. */
export function showProfile(out: Screen, { profile }: RunResult): void {
  if (!profile) return;
  const { table, phases } = profileLines(profile);
  const [headings, rule, ...rows] = table as [string, string, ...string[]];
  out.line('  ', out.paint.bold(headings));
  out.line('  ', out.paint.dim(rule));
  for (const row of rows) out.line(`  ${row}`);
  out.line(out.paint.dim(`  ${phases}; mean of ${profile.steps}. Memory is what results took, live or not.`));
  out.line();
}

/** What came of it. */
export function conclude(out: Screen, output: TrainOutput): void {
  showResults(out, runColumns, groupRuns(output), explainResults(output));
  if (output.sample !== '') {
    const writer = runTitle(output.writer, seedsOf(output.runs));
    out.line();
    out.line(out.paint.bold(`Text written by ${writer}, which has the lowest loss`));
    for (const line of output.sample.trim().split(/\r?\n/)) out.line(`  ${line}`);
    if (output.words) out.line(out.paint.dim(wordsLine(output.words)));
  }
}

/** How much of a sample is words. */
export function wordsLine({ count, known }: { readonly count: number; readonly known: number }): string {
  return count === 0
    ? 'It has no whole word.'
    : `${known} of its ${count} words occur in the text (${share(known / count)}).`;
}
