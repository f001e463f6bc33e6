import { FileError } from '../base/errors';
import { checkArgument, isPlainObject, refuseExtra, string } from '../base/options';

/** A step or a report in a log; a number that was not finite is null. */
export interface LogEntry {
  /** Steps taken so far. */
  readonly step: number;
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** A step's loss, or the mean over the steps since the report before. */
  readonly loss: number | null;
  /** What `validate` gave, in a report that has it. */
  readonly validationLoss?: number | null;
  /** Other numbers by name. */
  readonly values: Readonly<Record<string, number | null>>;
  /** Since the training began, or went on. */
  readonly seconds: number;
}

/** A log that `logLines` wrote. */
export interface RunLog {
  /** What the run is called. */
  readonly run: string;
  /** What everything random in it was drawn from. */
  readonly seed: number;
  /** How many numbers were trained. */
  readonly parameters: number;
  /** What else was said of it. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The steps that were written. */
  readonly steps: readonly LogEntry[];
  /** The reports. */
  readonly reports: readonly LogEntry[];
  /** Why it ended; null where the log does not say, as of a run that was killed or goes on. */
  readonly stopped: string | null;
}

/**
 * The run in a log of `logLines`. Where it was resumed, what the log has of later steps than the checkpoint goes, since those
 * were taken again. A last line that a kill has cut short is left out.
 * @throws FileError `log/line`
 * @example
 * const text = '{"run":"a","seed":1,"resumed":0,"parameters":2,"details":{}}\n{"step":1,"epoch":1,"loss":2,"values":{},"seconds":0}\n';
 * console.log(parseLog(text).steps[0]?.loss); // prints 2
 */
export function parseLog(text: string): RunLog {
  if (arguments.length > 1) refuseExtra('parseLog', arguments, 1);
  checkArgument('parseLog', 'text', string, text);
  const lines = text.split('\n');
  lines.pop(); // empty, or cut short
  let head: Head | undefined;
  let [steps, reports]: [LogEntry[], LogEntry[]] = [[], []];
  let stopped: string | null = null;
  for (const [i, line] of lines.entries()) {
    const entry = read(line);
    if (isHead(entry)) {
      head = entry;
      const before = ({ step }: LogEntry): boolean => step <= entry.resumed;
      [steps, reports] = [steps.filter(before), reports.filter(before)];
      stopped = null;
    } else if (head && isEntry(entry)) (entry.report === true ? reports : steps).push(entryOf(entry));
    else if (head && typeof entry?.stopped === 'string') stopped = entry.stopped;
    else throw badLine(i + 1, line);
  }
  if (!head) throw badLine(1, lines[0] ?? '');
  const { run, seed, parameters, details } = head;
  return { run, seed, parameters, details, steps, reports, stopped };
}

interface Head extends Pick<RunLog, 'run' | 'seed' | 'parameters' | 'details'> {
  readonly resumed: number;
}

type Line = Readonly<Record<string, unknown>>;

function read(line: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isPlainObject(value) ? value : undefined;
  } catch {
    return undefined; // its caller says which line
  }
}

const numbers = (line: Line, ...names: readonly string[]): boolean =>
  names.every((name) => typeof line[name] === 'number');
const numberOrNull = (value: unknown): boolean => typeof value === 'number' || value === null;

function isHead(line: Line | undefined): line is Line & Head {
  const known = line !== undefined && typeof line.run === 'string' && isPlainObject(line.details);
  return known && numbers(line, 'seed', 'resumed', 'parameters');
}

function isEntry(line: Line | undefined): line is Line & LogEntry & { readonly report?: unknown } {
  if (line === undefined || !numbers(line, 'step', 'epoch', 'seconds') || !isPlainObject(line.values)) return false;
  const { loss, validationLoss = null, values } = line;
  return [loss, validationLoss, ...Object.values(values as object)].every(numberOrNull);
}

function entryOf({ step, epoch, loss, validationLoss, values, seconds }: LogEntry): LogEntry {
  return { step, epoch, loss, ...(validationLoss !== undefined && { validationLoss }), values, seconds };
}

function badLine(number: number, line: string): FileError {
  return new FileError({
    code: 'log/line',
    got: `parseLog got line ${number}: ${line.slice(0, 60) || 'nothing'}`,
    expected: 'what logLines writes: a line that describes the run, then one for each step and report',
    fix: 'pass the whole text of one log, unchanged',
  });
}
