import type { Outcome, Preset } from '../training/contract';
import { type Columns, thin } from './thin';
import { count, list, number } from './words';

/** A chart as three kinds of reader want it: curves, a sentence, a table. */
export interface Picture {
  readonly columns: Columns;
  readonly summary: string;
  readonly table: Table;
  /** Lines across, each with its name on it. */
  readonly levels?: readonly Level[];
}

export interface Level {
  readonly name: string;
  readonly y: number;
}

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Points of a curve: more than pixels show nothing more, and are slow to draw. */
const most = 500;
/** Rows of a table that a reader may want to hear. */
const fewRows = 12;

/** The loss of every track, step by step. */
export function lossPicture(
  outcomes: readonly Outcome[],
  names: readonly string[],
  { meanOf, preset }: { readonly meanOf: number; readonly preset: Pick<Preset, 'lines'> | null },
): Picture {
  const levels = (preset?.lines?.(outcomes) ?? []).map(({ name, loss }) => ({ name, y: loss }));
  const longest = outcomes.map(({ readings }) => readings).sort((a, b) => b.length - a.length)[0] ?? [];
  const steps = longest.map(({ step }) => step);
  const losses = outcomes.map(({ readings }) => readings.map(({ loss }) => loss));
  const last = outcomes.flatMap(({ readings }, i) => {
    const reading = readings.at(-1);
    return reading ? [[names[i] ?? '', number(reading.loss)] as const] : [];
  });
  return {
    columns: thin(steps, meanOf > 1 ? [...losses, ...losses.map((line) => runningMean(line, meanOf))] : losses, most),
    levels,
    summary: [
      last.length === 0 ? 'No loss yet.' : `Loss at step ${count(steps.at(-1) ?? 0)}: ${list(last)}.`,
      ...(levels.length > 0 ? [`Dotted: ${list(levels.map(({ name, y }) => [name, number(y)]))}.`] : []),
    ].join(' '),
    table: tableOf('Step', steps, losses, names),
  };
}

/** The mean of the last `of` values at each place, or of as many as there are. */
export function runningMean(values: readonly number[], of: number): number[] {
  let sum = 0;
  return values.map((value, i) => {
    sum += value - (i >= of ? (values[i - of] as number) : 0);
    return sum / Math.min(i + 1, of);
  });
}

/**
 * The furthest that the loss of each track has been from the first one's, relative to it. The greatest so far, since equal
 * losses, whose difference is zero, have no place on a logarithmic axis.
 */
export function differencePicture(outcomes: readonly Outcome[], names: readonly string[]): Picture {
  const [first = [], ...others] = outcomes.map(({ readings }) => readings);
  const steps = first.map(({ step }) => step);
  const furthest = others.map((readings) => {
    let most = 0;
    return readings.slice(0, steps.length).map(({ loss }, i) => {
      const reference = first[i]?.loss ?? Number.NaN;
      most = Math.max(most, Math.abs(loss - reference) / Math.abs(reference));
      return most;
    });
  });
  const now = furthest.map((line, i) => [names[i + 1] ?? '', number(line.at(-1) ?? 0)] as const);
  return {
    columns: thin(steps, furthest, most),
    summary:
      steps.length === 0
        ? 'No loss yet.'
        : `Greatest relative difference from the loss of ${names[0]} so far: ${list(now)}.`,
    table: tableOf('Step', steps, furthest, names.slice(1)),
  };
}

/** The rank of W − W₀ of every track. */
export function rankPicture(outcomes: readonly Outcome[], names: readonly string[]): Picture {
  const at = (i: number) => new Map(outcomes[i]?.looks.map(({ step, updateRank }) => [step, updateRank]));
  const steps = allOf(outcomes.map(({ looks }) => looks.map(({ step }) => step)));
  const ranks = outcomes.map((_, i) => carried(steps, at(i)));
  const full = Math.min(...(outcomes[0]?.start.watched.shape ?? [0]));
  const last = outcomes.flatMap(({ looks }, i) => {
    const look = looks.at(-1);
    return look ? [[names[i] ?? '', String(look.updateRank)] as const] : [];
  });
  return {
    columns: thin(steps, ranks, most),
    summary: last.length === 0 ? 'No update yet.' : `Rank of the update, of ${full} that are possible: ${list(last)}.`,
    table: tableOf('Step', steps, ranks, names),
  };
}

/** The error of a mean of n fresh draws: measured, and what theory says, one pair of lines for each track. */
export function errorPicture(outcomes: readonly Outcome[], names: readonly string[]): Picture {
  const errors = outcomes.map(({ looks }) => looks.flatMap(({ error }) => (error ? [error] : [])));
  const draws = allOf(errors.map((of) => of.map(({ draws }) => draws)));
  const pick = (i: number, what: 'measured' | 'theory') => {
    const at = new Map(errors[i]?.map((error) => [error.draws, error[what]]));
    return draws.map((n) => at.get(n) ?? Number.NaN);
  };
  const last = errors.flatMap((of, i) => {
    const error = of.at(-1);
    return error ? [[names[i] ?? '', `${number(error.measured)} (theory ${number(error.theory)})`] as const] : [];
  });
  const lines = outcomes.flatMap((_, i) => [pick(i, 'measured'), pick(i, 'theory')]);
  return {
    columns: thin(draws, lines, most),
    summary:
      last.length === 0
        ? 'Nothing is drawn yet.'
        : `Squared relative error after ${count(draws.at(-1) ?? 0)} draws: ${list(last)}.`,
    table: tableOf(
      'Draws',
      draws,
      lines,
      names.flatMap((name) => [`${name}, measured`, `${name}, theory`]),
    ),
  };
}

/** All numbers of the lists, each once, rising. */
function allOf(lists: readonly (readonly number[])[]): number[] {
  return [...new Set(lists.flat())].sort((a, b) => a - b);
}

/** The values at `steps`; where a line has none, the one before it. */
function carried(steps: readonly number[], at: ReadonlyMap<number, number>): number[] {
  const last = Math.max(...at.keys());
  let value = Number.NaN;
  return steps.map((step) => {
    value = at.get(step) ?? value;
    return step <= last ? value : Number.NaN;
  });
}

function tableOf(
  first: string,
  xs: readonly number[],
  lines: readonly (readonly number[])[],
  names: readonly string[],
): Table {
  const stride = Math.max(1, Math.ceil(xs.length / fewRows));
  const rows = xs.flatMap((x, i) => {
    // The last one is always there.
    if ((xs.length - 1 - i) % stride !== 0) return [];
    return [[count(x), ...lines.map((line) => cell(line[i]))]];
  });
  return { head: [first, ...names], rows };
}

function cell(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '–' : number(value);
}
