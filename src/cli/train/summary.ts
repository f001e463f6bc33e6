import { backend } from '../../index';
import { backendLine, bytes, count, duration, meanOf, nats, overSeeds, percent } from '../terminal/format';
import type { Screen } from '../terminal/io';
import { profileLines } from '../terminal/profile-table';
import { type Column, facts, meanOver, showResults, spreadOver } from '../terminal/table';
import { type Comparison, comparisonOf, comparisons } from './comparison';
import { optimizers } from './optimizers';
import type { TrainSettings } from './options';
import type { ModelSize, RunResult, TrainOutput } from './output';
import { type RunPlan, runName, runTitle, seedsOf } from './plan';

/** The runs of one optimizer at one rank, over all seeds. */
export interface RunGroup {
  readonly name: string;
  readonly runs: readonly RunResult[];
  /** What its optimizer is compared with. */
  readonly comparison: Comparison | undefined;
  /**
   * How much of what the dense optimizer learned beyond frequencies is lost, (loss − dense)/(unigram − dense); `null`
   * where nothing is compared, and where dense learned nothing of the kind.
   */
  readonly gap: number | null;
}

/** Runs by optimizer and rank, in the order of their first run. */
export function groupRuns({ runs, task }: Pick<TrainOutput, 'runs' | 'task'>): RunGroup[] {
  const groups = new Map<string, RunResult[]>();
  for (const run of runs) groups.set(runName(run), [...(groups.get(runName(run)) ?? []), run]);
  return [...groups.values()].map((group) => {
    const { optimizer, rank } = group[0] as RunResult;
    const comparison = comparisonOf(optimizer);
    const dense = comparison && groups.get(comparison.dense);
    const learned = dense ? task.unigramEntropy - lossOf({ runs: dense }) : 0;
    const gap = dense && learned > 0 ? (lossOf({ runs: group }) - lossOf({ runs: dense })) / learned : null;
    return { name: runName({ optimizer, rank }), runs: group, comparison, gap };
  });
}

const first = (field: 'stateBytes' | 'peakBytes') => {
  return ({ runs }: RunGroup): string => bytes(runs[0]?.[field] ?? 0);
};

/** The table of results, in the terminal and in the report. */
export const runColumns: readonly Column<RunGroup>[] = [
  { heading: 'optimizer', cell: ({ runs }) => runs[0]?.optimizer ?? '' },
  { heading: 'rank', align: 'right', cell: ({ runs }) => String(runs[0]?.rank ?? '–') },
  { heading: 'validation loss', align: 'right', cell: spreadOver((run: RunResult) => run.validationLoss, nats) },
  { heading: 'gap to dense', align: 'right', cell: ({ gap }) => (gap === null ? '–' : percent(gap)) },
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
    ...comparisons.flatMap((comparison) => [...gapLines(groups, comparison), ...controlLines(groups, comparison)]),
    ...overSeeds(seedsOf(output.runs)),
  ];
}

function gapLines(groups: readonly RunGroup[], { compressed, dense }: Comparison): string[] {
  if (!groups.some(({ comparison, gap }) => comparison?.compressed === compressed && gap !== null)) return [];
  return [`Gap to dense: the part of what ${dense} learned beyond counting characters that ${compressed} did not.`];
}

/** What the runs without what is compressed say of those with it. */
function controlLines(groups: readonly RunGroup[], { control, dense, what }: Comparison): string[] {
  const [without, full] = [control, dense].map((name) => groups.find((group) => group.name === name));
  if (control === undefined || !without) return [];
  const lines = [`${control}: ${optimizers[control].label}, the control for what ${what} is worth here.`];
  if (full && lossOf(without) <= lossOf(full)) {
    lines.push(`It is no worse than dense ${what}, so this comparison cannot tell what compressing ${what} costs.`);
  }
  return lines;
}

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
    out.line(out.paint.bold(`Text written by ${writer}`));
    for (const line of output.sample.trim().split(/\r?\n/)) out.line(`  ${line}`);
  }
}
