import { agedLabel } from './aged';
import type { Curve } from './figure';
import { groupsOf } from './groups';
import { meanAndError } from './numbers';

/** A row about one gradient of a training, or about a gradient that is of none. */
interface Stepped {
  readonly projector: string;
  readonly age: number | null;
  /** The step that the gradient was captured at; null where it is of no training. */
  readonly step: number | null;
}

/** Rows of a training, where there are two steps of it or more; all others. */
export function byTraining<Row extends Stepped>(rows: readonly Row[]): { trained: Row[]; others: Row[] } {
  const steps = new Set(rows.flatMap(({ step }) => step ?? []));
  const isTrained = ({ step }: Row): boolean => steps.size > 1 && step !== null;
  return { trained: rows.filter(isTrained), others: rows.filter((row) => !isTrained(row)) };
}

/** A curve over the steps for each projector and age: the mean over the parameters, from the smallest to the largest. */
export function curvesOverSteps<Row extends Stepped>(
  rows: readonly Row[],
  heightOf: (row: Row) => number,
  labelOf: (row: Row) => string = agedLabel,
): Curve[] {
  return [...groupsOf(rows, labelOf)].map(([label, own]) => ({
    label,
    points: [...groupsOf(own, ({ step }) => step as number)]
      .sort(([a], [b]) => a - b)
      .map(([x, parameters]) => {
        const heights = parameters.map(heightOf);
        return { x, y: meanAndError(heights).mean, low: Math.min(...heights), high: Math.max(...heights) };
      }),
  }));
}
