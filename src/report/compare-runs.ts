import {
  checkArgument,
  isPlainObject,
  kindOf,
  listOf,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  string,
} from '../base/options';
import type { Column } from '../study/table';
import { type Chart, figure, htmlTable, page, paletteSize } from './page';
import type { LogEntry, RunLog } from './parse-log';

const compareOptions = {
  /** At the head of the page (default 'Runs compared'). */
  title: optional(string, 'Runs compared'),
};

/** How the page is called. */
export interface CompareRunsOptions extends OptionsOf<typeof compareOptions> {}

const logKind = kindOf<RunLog>(
  'what parseLog returned',
  (value) => isPlainObject(value) && Array.isArray(value.steps) && Array.isArray(value.reports),
);

const list = listOf(logKind);
const logsKind = kindOf<readonly RunLog[]>(
  'an array of at least one log, each what parseLog returned',
  (value) => list.fits(value) && value.length > 0,
);

/**
 * A page that compares trainings: their losses and validation losses over the steps, and a table of what they reached. It is
 * one HTML text with everything inside, which opens offline, in light and dark.
 * @example
 * const log = (run: string, loss: number) =>
 *   parseLog(
 *     `{"run":"${run}","seed":0,"resumed":0,"parameters":2,"details":{}}\n` +
 *       `{"step":1,"epoch":1,"loss":${loss},"values":{},"seconds":0.5}\n`,
 *   );
 * const html = compareRuns([log('slow', 0.75), log('fast', 0.25)], { title: 'Two rates' });
 * console.log(html.includes('<title>Two rates</title>'), html.includes('0.2500')); // prints true true
 */
export function compareRuns(logs: readonly RunLog[], options: CompareRunsOptions = {}): string {
  if (arguments.length > 2) refuseExtra('compareRuns', arguments, 2);
  checkArgument('compareRuns', 'logs', logsKind, logs);
  const { title } = readOptions('compareRuns', compareOptions, options, 'logs');
  const runs = logs.map((log, i) => ({ log, label: labelOf(log, logs), colour: i % paletteSize }));
  const losses = chartOf('loss', 'training loss', runs, ({ steps, reports }) =>
    pointsOf(steps.length ? steps : reports, 'loss'),
  );
  const validation = chartOf('validation', 'validation loss', runs, ({ reports }) =>
    pointsOf(reports, 'validationLoss'),
  );
  const validates = validation.x.length > 0;
  const named = runs.map(({ log, label }) => ({ ...log, label }));
  const details = detailColumns(logs);
  const body = `
<p class="lead">${logs.length === 1 ? 'One training' : `${logs.length} trainings`}, from the logs that they wrote.</p>
<h2>Training loss</h2>
${figure('loss', 'The loss of each step that was logged. Click a name to hide its curve.')}
${validates ? `<h2>Validation loss</h2>\n${figure('validation', 'At each report.')}` : ''}
<h2>Results</h2>
${htmlTable('Every run at its best and at its end', resultColumns(validates), named)}
${details.length > 0 ? `<h2>Settings</h2>\n${htmlTable('What each log says of its run', [nameColumn, ...details], named)}` : ''}`;
  return page(title, body, validates ? [losses, validation] : [losses]);
}

interface Named extends RunLog {
  readonly label: string;
}

/** The name of a run; with its seed where another one has the same name. */
function labelOf(log: RunLog, logs: readonly RunLog[]): string {
  const same = logs.filter(({ run }) => run === log.run);
  if (same.length === 1) return log.run;
  const twins = same.filter(({ seed }) => seed === log.seed);
  const number = twins.length > 1 ? `, ${twins.indexOf(log) + 1}` : '';
  return `${log.run}, seed ${log.seed}${number}`;
}

type Points = ReadonlyMap<number, number>;

function pointsOf(entries: readonly LogEntry[], name: 'loss' | 'validationLoss'): Points {
  return new Map(entries.flatMap((entry) => (typeof entry[name] === 'number' ? [[entry.step, entry[name]]] : [])));
}

/** One curve for each run that has points. */
function chartOf(
  id: string,
  yLabel: string,
  runs: readonly { readonly log: RunLog; readonly label: string; readonly colour: number }[],
  points: (log: RunLog) => Points,
): Chart {
  const curves = runs.map((run) => ({ ...run, points: points(run.log) })).filter((run) => run.points.size > 0);
  const values = curves.flatMap((curve) => [...curve.points.values()]);
  const [low, high] = [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), 0)];
  const x = [...new Set(curves.flatMap((curve) => [...curve.points.keys()]))].sort((a, b) => a - b);
  return {
    ...{ id, x, xLabel: 'step', yLabel, smooth: id === 'loss', through: true, log: low > 0 && high > 10 * low },
    series: curves.map(({ label, colour, points }) => ({
      ...{ label, colour },
      values: x.map((step) => (points.has(step) ? Number((points.get(step) as number).toPrecision(5)) : null)),
    })),
  };
}

const shown = (x: number | null | undefined): string => (x == null ? '–' : x.toPrecision(4));
const last = (log: RunLog): LogEntry | undefined => log.reports.at(-1) ?? log.steps.at(-1);

/** The report of the lowest validation loss. */
function bestOf({ reports }: RunLog): LogEntry | undefined {
  const judged = reports.filter(({ validationLoss }) => typeof validationLoss === 'number');
  return judged.reduce<LogEntry | undefined>(
    (best, each) => (best && (best.validationLoss as number) <= (each.validationLoss as number) ? best : each),
    undefined,
  );
}

const nameColumn: Column<Named> = { heading: 'run', cell: ({ label }) => label };

function resultColumns(validates: boolean): Column<Named>[] {
  const right = (heading: string, cell: (log: Named) => string): Column<Named> => ({ heading, align: 'right', cell });
  return [
    nameColumn,
    right('parameters', ({ parameters }) => parameters.toLocaleString('en-US')),
    right('steps', (log) => (log.steps.at(-1) ?? last(log))?.step.toLocaleString('en-US') ?? '0'),
    right('training loss', (log) => shown(last(log)?.loss)),
    ...(validates
      ? [
          right('best validation', (log) => shown(bestOf(log)?.validationLoss)),
          right('at step', (log) => bestOf(log)?.step.toLocaleString('en-US') ?? '–'),
          right('last validation', (log) => shown(log.reports.at(-1)?.validationLoss)),
        ]
      : []),
    right('time', (log) => `${(last(log)?.seconds ?? 0).toFixed(1)} s`),
    { heading: 'ended by', cell: ({ stopped }) => stopped ?? 'not ended' },
  ];
}

/** One column for each name of a detail, in the order in which they occur. */
function detailColumns(logs: readonly RunLog[]): Column<Named>[] {
  const names = [...new Set(logs.flatMap(({ details }) => Object.keys(details)))];
  const text = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? '–'));
  return names.map((heading) => ({ heading, cell: ({ details }) => text(details[heading]) }));
}
