import { backend } from '../../index';
import { bytes, count, duration, meanOf, nats, percent, spread } from '../terminal/format';
import type { Screen } from '../terminal/io';
import { profileLines } from '../terminal/profile-table';
import { type Column, showTable } from '../terminal/table';
import type { TrainSettings } from './options';
import type { ModelSize, TrainOutput } from './output';
import type { RunPlan, RunResult } from './run';

/** The runs of one optimizer at one rank, over all seeds. */
export interface RunGroup {
  readonly name: string;
  readonly runs: readonly RunResult[];
  /**
   * How much of what dense Adafactor learned beyond frequencies is lost, (flora − dense)/(unigram − dense); `null` for
   * others, and where dense learned nothing of the kind.
   */
  readonly gap: number | null;
}

export const runName = ({ optimizer, rank }: Pick<RunPlan, 'optimizer' | 'rank'>): string =>
  rank === null ? optimizer : `${optimizer} rank ${rank}`;

/** The title of a run; it has the seed if there are several. */
export function runTitle(run: RunPlan, seeds: number): string {
  return seeds > 1 ? `${runName(run)}, seed ${run.seed}` : runName(run);
}

/** How many different seeds the runs of a comparison have. */
export const seedsOf = (runs: readonly RunPlan[]): number => new Set(runs.map(({ seed }) => seed)).size;

/** Runs by optimizer and rank, in the order of their first run. */
export function groupRuns({ runs, task }: Pick<TrainOutput, 'runs' | 'task'>): RunGroup[] {
  const groups = new Map<string, RunResult[]>();
  for (const run of runs) groups.set(runName(run), [...(groups.get(runName(run)) ?? []), run]);
  const loss = (group: readonly RunResult[]): number => lossOf({ runs: group });
  const dense = groups.get('adafactor');
  return [...groups].map(([name, group]) => {
    if (dense === undefined || group[0]?.optimizer !== 'flora') return { name, runs: group, gap: null };
    const learned = task.unigramEntropy - loss(dense);
    return { name, runs: group, gap: learned > 0 ? (loss(group) - loss(dense)) / learned : null };
  });
}

const over = (
  field: Exclude<keyof RunResult, 'optimizer' | 'rank' | 'trainLoss' | 'profile'>,
  show: (x: number) => string,
) => {
  return ({ runs }: RunGroup): string =>
    spread(
      runs.map((run) => run[field]),
      show,
    );
};
const mean = (field: 'tokensPerSecond' | 'seconds', show: (x: number) => string) => {
  return ({ runs }: RunGroup): string => show(meanOf(runs.map((run) => run[field])).mean);
};
const first = (field: 'stateBytes' | 'peakBytes') => {
  return ({ runs }: RunGroup): string => bytes(runs[0]?.[field] ?? 0);
};

/** The table of results, in the terminal and in the report. */
export const runColumns: readonly Column<RunGroup>[] = [
  { heading: 'optimizer', cell: ({ runs }) => runs[0]?.optimizer ?? '' },
  { heading: 'rank', align: 'right', cell: ({ runs }) => String(runs[0]?.rank ?? '–') },
  { heading: 'validation loss', align: 'right', cell: over('validationLoss', nats) },
  { heading: 'gap to dense', align: 'right', cell: ({ gap }) => (gap === null ? '–' : percent(gap)) },
  { heading: 'state', align: 'right', cell: first('stateBytes') },
  { heading: 'peak memory', align: 'right', cell: first('peakBytes') },
  { heading: 'tokens per s', align: 'right', cell: mean('tokensPerSecond', count) },
  { heading: 'time', align: 'right', cell: mean('seconds', duration) },
];

/** What a reader must know to read the table. */
export function explainResults(output: Pick<TrainOutput, 'task' | 'runs'>): string[] {
  const { unigramEntropy, bigramEntropy } = output.task;
  const seeds = seedsOf(output.runs);
  const lines = [
    'Losses are in nats per character; lower is better.',
    `A model that only counts characters scores ${nats(unigramEntropy)}, one that counts pairs ${nats(bigramEntropy)}.`,
  ];
  if (groupRuns(output).some(({ gap }) => gap !== null)) {
    lines.push('Gap to dense: the part of what adafactor learned beyond counting characters that flora did not.');
  }
  lines.push(...controlLines(output));
  if (seeds > 1) lines.push(`Losses are means over ${seeds} seeds ± their standard deviation.`);
  return lines;
}

/** What the runs without momentum say of those with it. */
function controlLines(output: Pick<TrainOutput, 'task' | 'runs'>): string[] {
  const [none, dense] = ['none', 'adafactor'].map((name) => groupRuns(output).find((group) => group.name === name));
  if (!none) return [];
  const lines = ['none: Adafactor without momentum, the control for what momentum is worth here.'];
  if (dense && lossOf(none) <= lossOf(dense)) {
    lines.push('It is no worse than dense momentum, so this comparison cannot tell what compressing momentum costs.');
  }
  return lines;
}

/** The mean validation loss over the seeds. */
export const lossOf = ({ runs }: Pick<RunGroup, 'runs'>): number => meanOf(runs.map((run) => run.validationLoss)).mean;

/** The backend in a line; `floragrad info` says the rest. */
export const backendLine = (facts: TrainOutput['backend']): string =>
  ['backend', 'build', 'mode', 'threads']
    .filter((name) => name in facts)
    .map((name) => (name === 'backend' ? facts[name] : `${name} ${facts[name]}`))
    .join(', ');

/** What is about to happen. */
export function introduce(
  out: Screen,
  settings: TrainSettings,
  about: { task: TrainOutput['task']; model: ModelSize; characters: number; plans: readonly RunPlan[] },
): void {
  const { task, model, characters, plans } = about;
  const fact = (name: string, text: string): void => out.line(out.paint.dim(name.padEnd(9)), text);
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
  showTable(out, runColumns, groupRuns(output));
  for (const line of explainResults(output)) out.line(out.paint.dim(line));
  if (output.sample !== '') {
    const writer = runTitle(output.writer, seedsOf(output.runs));
    out.line();
    out.line(out.paint.bold(`Text written by ${writer}`));
    for (const line of output.sample.trim().split(/\r?\n/)) out.line(`  ${line}`);
  }
  out.line();
}
