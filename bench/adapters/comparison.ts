import { type MethodName, methods } from '../../src/cli/finetune/methods';
import { count, meanOf, spread } from '../../src/cli/terminal/format';
import type { Column } from '../../src/study';
import { markdownTable } from '../harness/markdown';
import { type Searched, searched } from '../methods/search';
import { fixed, interval } from '../reproduce/format';
import { above, type BySeed, difference, type Verdict } from '../reproduce/verdict';
import type { Ask } from './jobs';
import type { Setting, Task } from './setting';
import type { Tuned, Tuning } from './tuning';

/** A method at a rank. */
interface Contender {
  readonly method: MethodName;
  readonly rank: number;
}

/** A contender on a task, its rate, and what came of it on the seeds that count. */
export interface Compared extends Searched {
  readonly task: string;
  readonly contender: Contender;
  /** null where it diverged. */
  readonly runs: readonly (Tuned | null)[];
}

const nats = fixed(4);

/** Every method on every task, and LoRA of the higher rank. */
export async function compare(
  names: readonly MethodName[],
  tasks: readonly Task[],
  base: string,
  { higher, seeds }: Setting,
  ask: Ask,
): Promise<Compared[]> {
  const entries = tasks.flatMap((task) =>
    [...names.map((method) => ({ method, rank: task.rank })), { method: 'lora' as const, rank: higher }].map(
      (contender): Entry => ({ task, contender }),
    ),
  );
  const known = new Map<string, Tuned | null>();
  const run = async (jobs: readonly Tuning[]): Promise<(number | null)[]> => {
    const results = await ask('tune', jobs);
    jobs.forEach((job, i) => void known.set(JSON.stringify(job), results[i] ?? null));
    return results.map((result) => result?.validationLoss ?? null);
  };
  const jobOf =
    ({ task, contender: { method, rank } }: Entry) =>
    (rate: number | null, seed: number): Tuning => ({ base, task: task.name, method, rank, rate, seed });
  const centred = entries.map((entry) => ({ entry, own: methods[entry.contender.method].learningRate }));
  const found = await searched(
    centred.flatMap(({ entry, own }) =>
      own === null ? [] : [{ name: labelOf(entry), rates: entry.task.grid.map((x) => x * own), job: jobOf(entry) }],
    ),
    seeds,
    run,
  );
  const still = centred.filter(({ own }) => own === null);
  await run(still.flatMap(({ entry }) => seeds.counted.map((seed) => jobOf(entry)(null, seed))));
  const rows = found.values();
  return centred.map(({ entry, own }) => {
    const { task, contender } = entry;
    const row = own === null ? null : (rows.next().value as Searched);
    const rate = row?.rate ?? null;
    const diverged = row !== null && rate === null;
    const runs = seeds.counted.map((seed) =>
      diverged ? null : (known.get(JSON.stringify(jobOf(entry)(rate, seed))) ?? null),
    );
    const losses = runs.map((one) => one?.validationLoss ?? null);
    const untuned = { name: labelOf(entry), rate, edge: false, losses, sweep: [] };
    return { ...(row ?? untuned), task: task.name, contender, runs };
  });
}

interface Entry {
  readonly task: Task;
  readonly contender: Contender;
}

const labelOf = ({ task, contender: { method, rank } }: Entry): string =>
  rank === task.rank ? method : `${method}, rank ${rank}`;

/** The row of a method on a task. */
function rowOf(rows: readonly Compared[], { name }: Task, method: MethodName, higher?: number): Compared {
  const found = rows.find(
    ({ task, contender }) =>
      task === name && contender.method === method && (higher === undefined || contender.rank === higher),
  );
  if (!found) throw new Error(`${method} was not compared on ${name}`);
  return found;
}

/** What everything is held against, in a comparison of any methods. */
export const references: readonly MethodName[] = ['none', 'full', 'lora', 'lora-cyclic'];

/** Task and rule of the search, and whether rank and training matter at all. */
export function gatesSection(rows: readonly Compared[], tasks: readonly Task[], setting: Setting): string[] {
  const { base, higher, scale, sparsity, stages, seeds, validation } = setting;
  return [
    `The base is a GPT of 2 layers of width ${base.width} and ${base.context} characters of context, which has read Moby-Dick for ${base.steps} steps of ${base.batch} windows. Adapters are on`,
    `all weights of the blocks, with α = ${scale} times the rank; ${stages} stages where a method has some, ${sparsity} of the weights pruned first where it adapts`,
    `pruned models. Losses are in nats per character, on ${count(validation)} characters that no run trains on. Peak rates are chosen for each row alone, on seed`,
    `${seeds.tuning}, which does not count: the best of ${tasks.map(({ name, grid }) => `${grid.join(', ')} times its own rate on _${name}_`).join(' and of ')}, then of that one,`,
    'half and twice of it: a rule that was fixed before the search. "(edge)" marks a rate that is the least or the largest of those tried.',
    `Seeds ${seeds.counted.join(', ')} count; they draw the batches and the adapters, and differences are paired by seed, with Student's 95 % interval.`,
    '',
    ...tasks.flatMap((task) => {
      const [none, low, high] = [
        rowOf(rows, task, 'none'),
        rowOf(rows, task, 'lora', task.rank),
        rowOf(rows, task, 'lora', higher),
      ];
      return [
        `- ${rankGate(task, setting, low.losses, high.losses)}`,
        `- On _${task.name}_ ${trainingGate(none.losses, low.losses)}`,
      ];
    }),
  ];
}

/** Whether the rank limits, in words. */
function rankGate({ name, limits, rank }: Task, { higher }: Setting, low: BySeed, high: BySeed): string {
  const measured = difference(low, high);
  const by = `LoRA of rank ${higher} is lower than LoRA of rank ${rank} by ${interval(measured, nats)}`;
  const holds = above(measured) === 'holds';
  if (limits)
    return holds
      ? `The gate of _${name}_ is open: ${by}, so the rank limits here.`
      : `The gate of _${name}_ is closed: ${by}; nothing can be told here of what a higher rank would give.`;
  return holds
    ? `The gate of _${name}_ is closed: ${by}, so the rank limits here too, where it was not to.`
    : `The gate of _${name}_ is open: ${by}, so no limit by the rank is seen here.`;
}

function trainingGate(none: BySeed, tuned: BySeed): string {
  const measured = difference(none, tuned);
  const by = interval(measured, nats);
  return above(measured) === 'holds'
    ? `there is something to learn: LoRA is lower than the base itself by ${by}.`
    : `nothing is seen to be learned: LoRA is lower than the base itself by ${by}.`;
}

/** What stands out from LoRA on which task. */
export function foundSection(rows: readonly Compared[], tasks: readonly Task[]): string[] {
  const on = (task: Task, verdict: Verdict): MethodName[] => {
    const lora = rowOf(rows, task, 'lora').losses;
    return othersOf(rows, task).flatMap(({ losses, contender }) =>
      above(difference(lora, losses)) === verdict ? [contender.method] : [],
    );
  };
  const line = (words: string, verdict: Verdict): string[] => {
    const lists = tasks.map((task) => on(task, verdict));
    const everywhere = (lists[0] ?? []).filter((name) => lists.every((list) => list.includes(name)));
    const said = (names: readonly MethodName[]): string => (names.length > 0 ? names.join(', ') : 'none');
    return [
      `- ${words} on ${tasks.length === 1 ? 'the task' : 'both tasks'}: ${said(everywhere)}.`,
      ...(tasks.length === 1 ? [] : tasks).map(({ name }, i) => {
        const alone = (lists[i] ?? []).filter((method) => !everywhere.includes(method));
        return `- ${words} on _${name}_ alone: ${said(alone)}.`;
      }),
    ];
  };
  return [
    'By their whole intervals, the references and methods of pruned models left out:',
    '',
    ...line('Lower than LoRA', 'holds'),
    ...line('Higher than LoRA', 'fails'),
    '',
    'All others cannot be told from LoRA here.',
  ];
}

/** The methods on a task that are no references and start from the base as it is. */
function othersOf(rows: readonly Compared[], { name }: Task): Compared[] {
  return rows.filter(
    ({ task, contender: { method } }) => task === name && !references.includes(method) && !methods[method].sparse,
  );
}

/** The table of a task. */
export function taskSection(rows: readonly Compared[], task: Task): string[] {
  const lora = rowOf(rows, task, 'lora').losses;
  const own = rows.filter((row) => row.task === task.name);
  const columns: readonly Column<Compared>[] = [
    { heading: 'method', cell: ({ name }) => name },
    { heading: 'what it trains', cell: kindOf },
    { heading: 'numbers trained', align: 'right', cell: first(({ trainable }) => count(trainable)) },
    { heading: 'bytes of state', align: 'right', cell: first(({ stateBytes }) => count(stateBytes)) },
    { heading: 'merges', cell: first(({ mergeable }) => (mergeable === null ? '–' : mergeable ? 'yes' : 'no')) },
    { heading: 'rank of change', align: 'right', cell: rankOf },
    { heading: 'validation loss', cell: lossOf },
    {
      heading: 'lower than LoRA by',
      cell: (row) => (row.name === 'lora' ? '–' : interval(difference(lora, row.losses), nats)),
    },
    { heading: 'rate', cell: ({ rate, edge }) => (rate === null ? '–' : `${rate}${edge ? ' (edge)' : ''}`) },
  ];
  return [
    `${task.text}. ${task.steps} steps of ${task.batch} windows;`,
    `what has a rank has rank ${task.rank}. The rank of the change is the mean over the weights of the blocks, "–" where what is learned is no change of a weight.`,
    '',
    ...markdownTable(columns, own),
  ];
}

/** A cell of what does not depend on the seed. */
const first =
  (cell: (run: Tuned) => string) =>
  ({ runs }: Compared): string => {
    const run = runs.find((one) => one !== null);
    return run ? cell(run) : '–';
  };

function rankOf({ runs }: Compared): string {
  const ranks = runs.flatMap((run) => run?.updateRank ?? []);
  return ranks.length > 0 ? meanOf(ranks).mean.toFixed(1) : '–';
}

function lossOf({ losses }: Compared): string {
  const numbers = losses.filter((loss) => loss !== null);
  return numbers.length === losses.length ? spread(numbers, nats) : 'diverged';
}

/** What a row trains, in the words of its marks. */
function kindOf({ contender, runs }: Compared): string {
  const { learningRate, trains, sparse, staged, projects, family } = methods[contender.method];
  if (learningRate === null) return 'nothing';
  const adapters = runs.some((run) => run !== null && run.mergeable !== null) ? 'adapters' : 'weights';
  return [
    trains ? `${trains}'s adapters, by another optimizer` : adapters,
    ...(family === undefined || family === 'controls' ? [] : [family]),
    ...(sparse ? ['of a pruned base'] : []),
    ...(projects ? ['with compressed gradients'] : []),
    ...(staged ? ['in stages'] : []),
  ].join(', ');
}

/** What goes into the weights in stages, against LoRA and against LoRA with the same rate. */
export function stagesSection(rows: readonly Compared[], tasks: readonly Task[]): string[] {
  const shown = tasks.flatMap((task) =>
    rows.filter(({ task: name, contender }) => name === task.name && methods[contender.method].staged),
  );
  const over =
    (control: MethodName) =>
    ({ task: name, contender, losses }: Compared): string => {
      const task = tasks.find((one) => one.name === name) as Task;
      return contender.method === control ? '–' : interval(difference(rowOf(rows, task, control).losses, losses), nats);
    };
  return [
    'A method with stages starts its learning rate anew in each. What part of a gain comes from that alone is seen in `lora-cyclic`: one LoRA',
    'adapter under the same rate, which is never merged. A method gains by its stages where it is lower than both by whole intervals, and on',
    'a task whose gate of the rank is open. [The results](results.md) have two tasks with a known shift of full rank on which PeriodicLoRA does.',
    '',
    ...markdownTable<Compared>(
      [
        { heading: 'task', cell: ({ task }) => task },
        { heading: 'method', cell: ({ name }) => name },
        { heading: 'rank of change', align: 'right', cell: rankOf },
        { heading: 'lower than LoRA by', cell: over('lora') },
        { heading: 'lower than LoRA with the cyclic rate by', cell: over('lora-cyclic') },
      ],
      shown,
    ),
  ];
}

/** Every loss of the search, with the best of each row in bold. */
export function sweepSection(rows: readonly Compared[], tasks: readonly Task[], { seeds }: Setting): string[] {
  return [
    `Validation losses on seed ${seeds.tuning}, which does not count, by multiples of each row's own peak rate; empty where one was not tried.`,
    ...tasks.flatMap((task) => {
      const own = rows.filter(({ task: name, sweep }) => name === task.name && sweep.length > 0);
      const multiples = [...new Set(own.flatMap((row) => row.sweep.map(({ rate }) => multipleOf(row, rate))))];
      return ['', `### ${task.title}`, '', ...markdownTable(sweepColumns(multiples.sort((a, b) => a - b)), own)];
    }),
  ];
}

const sweepColumns = (multiples: readonly number[]): Column<Compared>[] => [
  { heading: 'method', cell: ({ name }) => name },
  { heading: 'own rate', align: 'right', cell: ({ contender }) => String(methods[contender.method].learningRate) },
  ...multiples.map((multiple) => ({
    heading: `×${multiple}`,
    align: 'right' as const,
    cell: (row: Compared) => {
      const attempt = row.sweep.find(({ rate }) => multipleOf(row, rate) === multiple);
      if (!attempt) return '';
      const text = attempt.loss === null ? 'diverged' : nats(attempt.loss);
      return attempt.rate === row.rate ? `**${text}**` : text;
    },
  })),
];

/** Grids are powers of two times a rate, so that the ratio is one again to the rounding of two products. */
function multipleOf({ contender }: Compared, rate: number): number {
  return 2 ** Math.round(Math.log2(rate / (methods[contender.method].learningRate as number)));
}
