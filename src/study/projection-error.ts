import { fold, key, seedKind } from '../base/key';
import { callable, optional, readOptionsOf, refuseExtra, required, type SpecificationOf, whole } from '../base/options';
import { compressedDimension, type Projection, type Projector, projectorKind } from '../compress/projector';
import type { Side } from '../compress/side';
import { random } from '../tensor/ops/random/random';
import { blocksFor, medianOfMeans, tooFewTrials } from './median-of-means';
import { inner, readGradient, roundTrip } from './round-trip';

/** One line of the study: the measured error of a projector beside what it promises. */
export interface ProjectionErrorRow {
  /** Its name. */
  readonly projector: string;
  /** n of the gradient [n, m]. */
  readonly rows: number;
  /** m of the gradient [n, m]. */
  readonly columns: number;
  /** Which dimension was compressed. */
  readonly side: Side;
  /** Rows of the projection. */
  readonly rank: number;
  /** Fresh projections of the same gradient. */
  readonly trials: number;
  /** Mean of ‖Ĝ − G‖²/‖G‖² over the trials. */
  readonly relativeMse: number;
  /** What the projector promises for it. */
  readonly theoryMse: number;
  /** How far the mean of ⟨Ĝ, G⟩/‖G‖² is from 1 (median of block means). */
  readonly biasStatistic: number;
  /** An unbiased projector exceeds this with chance at most 1e-9. */
  readonly biasThreshold: number;
  /** Mean of cos(Ĝ, G). */
  readonly cosine: number;
}

/** What is projected, and how often. */
export interface ProjectionErrorOptions<P extends Projection> {
  /** Whose error is measured. */
  readonly projector: Projector<P>;
  /** n of the gradient [n, m]. */
  readonly rows: number;
  /** m of the gradient [n, m]. */
  readonly columns: number;
  /** Rows of the projection. */
  readonly rank: number;
  /** Fresh projections of the same gradient (default 1000). */
  readonly trials?: number;
  /** Everything random follows from it (default 0). */
  readonly seed?: number;
  /** Called after each trial, counted from 1; a promise is waited for, such as one that lets timers run. */
  readonly onTrial?: (trial: number) => unknown;
}

const count = whole({ low: 1 });

const projectionErrorOptions = {
  projector: required(projectorKind),
  rows: required(count),
  columns: required(count),
  rank: required(count),
  trials: optional(count, 1000),
  seed: optional(seedKind, 0),
  onTrial: optional(callable('of the number of a trial')),
} satisfies SpecificationOf<ProjectionErrorOptions<Projection>>;

/** What float32 may add to a reading: all there is to see of a projection that loses nothing. */
export const rounding = 1e-5;

/** The chance that an unbiased projector is called biased. */
const falseAlarm = 1e-9;

/** The fewest trials from which that can be said. */
export const leastTrials = blocksFor(falseAlarm);

/**
 * Project one random Gaussian gradient down and up again under fresh draws, and compare with the projector's theory.
 * @throws OptionError `study/trials`, `options/range`
 * @example
 * const row = await projectionError({ projector: projectors.gaussian, rows: 64, columns: 32, rank: 8 });
 * console.log(row.theoryMse, Math.abs(row.relativeMse - row.theoryMse) < 0.2); // prints 4.125 true
 */
export async function projectionError<P extends Projection>(
  options: ProjectionErrorOptions<P>,
): Promise<ProjectionErrorRow> {
  if (arguments.length > 1) refuseExtra('projectionError', arguments, 1);
  const { projector, rows, columns, rank, trials, seed, onTrial } = readOptionsOf<
    ProjectionErrorOptions<P>,
    typeof projectionErrorOptions
  >('projectionError', projectionErrorOptions, options);
  checkTrials(trials);
  const gradient = random.normal(fold(key(seed), 'gradient'), [rows, columns]);
  const given = await readGradient(projector, gradient);
  const square = inner(given.values, given.values);
  const theory = projector.theory(compressedDimension(given), rank, given);
  const [errors, readings, cosines] = [0, 1, 2].map(() => new Float64Array(trials)) as Samples;
  for (let trial = 0; trial < trials; trial++) {
    const lifted = await roundTrip(projector, gradient, { rank, seed, trial });
    const [dot, size] = [inner(lifted, given.values), inner(lifted, lifted)];
    errors[trial] = (size - 2 * dot) / square + 1;
    readings[trial] = dot / square;
    cosines[trial] = size === 0 ? 0 : dot / Math.sqrt(size * square);
    await onTrial?.(trial + 1);
  }
  const variance = theory.readingVariance?.(given, given.values) ?? square ** 2 * varianceOf(readings);
  const reading = medianOfMeans(readings, variance / square ** 2, falseAlarm);
  return {
    projector: projector.name,
    rows,
    columns,
    side: given.side,
    rank,
    trials,
    relativeMse: average(errors),
    theoryMse: theory.relativeMse,
    biasStatistic: Math.abs(reading.estimate - 1),
    biasThreshold: reading.bound + rounding,
    cosine: average(cosines),
  };
}

/** @throws OptionError `study/trials` */
export function checkTrials(trials: number): void {
  if (!(trials >= leastTrials)) throw tooFewTrials('projectionError', trials, leastTrials, falseAlarm);
}

type Samples = [errors: Float64Array, readings: Float64Array, cosines: Float64Array];

function varianceOf(samples: Float64Array): number {
  const mean = average(samples);
  return average(samples.map((x) => (x - mean) ** 2));
}

function average(samples: Float64Array): number {
  return samples.reduce((a, b) => a + b, 0) / samples.length;
}
