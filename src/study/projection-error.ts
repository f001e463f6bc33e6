import { OptionError } from '../base/errors';
import { fold, key, seedKind } from '../base/key';
import { callable, optional, readOptionsOf, refuseExtra, required, type SpecificationOf, whole } from '../base/options';
import { show } from '../base/shape';
import { compressedDimension, type Projection, type Projector, projectorKind } from '../compress/projector';
import type { Side } from '../compress/side';
import type { GradientValues, Theory } from '../compress/theory/theory';
import { tensorKind } from '../tensor/kinds';
import { random } from '../tensor/ops/random/random';
import type { Tensor } from '../tensor/tensor';
import { blocksFor, medianOfMeans, tooFewTrials } from './median-of-means';
import { inner, readGradient, roundTrip, unit } from './round-trip';

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
  /** E[Ĝ] = gain·G by its own theory: 1 is unbiased, `null` declares a bias that is no factor. */
  readonly gain: number | null;
  /** How far that mean is from the gain; a projector of this gain exceeds `biasThreshold` with chance at most 1e-9. */
  readonly gainStatistic: number | null;
  /**
   * How far the mean of ⟨Ĝ, W⟩/‖G‖ is from gain·⟨G, W⟩/‖G‖, over the second half of the trials and along the direction W in
   * which the first half is off the most: that sees a bias which leaves ⟨Ĝ, G⟩ alone. `null` for fewer than twice the
   * fewest trials, and without a gain.
   */
  readonly directionStatistic: number | null;
  /** A projector of this gain exceeds it with chance at most 1e-9. */
  readonly directionThreshold: number | null;
  /** Standard error of `relativeMse`. */
  readonly standardError: number;
  /** What everything random follows from. */
  readonly seed: number;
}

/** What is projected, and how often. */
export interface ProjectionErrorOptions<P extends Projection> {
  /** Whose error is measured. */
  readonly projector: Projector<P>;
  /** n of a random normal gradient [n, m]. */
  readonly rows?: number;
  /** m of a random normal gradient [n, m]. */
  readonly columns?: number;
  /** The gradient [n, m] to project, in place of `rows` and `columns`. */
  readonly gradient?: Tensor;
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
  rows: optional(count),
  columns: optional(count),
  gradient: optional(tensorKind),
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
 * Project one gradient down and up again under fresh draws, and compare with the projector's theory. The gradient is a random
 * normal one, or yours: captured, or one of `gradientFamilies`. Errors of a gradient that is zero are 0 where nothing
 * but zero comes back.
 * @throws OptionError `study/trials`, `study/gradient`, `options/range`
 * @example
 * const row = await projectionError({ projector: projectors.gaussian, rows: 64, columns: 32, rank: 8 });
 * console.log(row.theoryMse, Math.abs(row.relativeMse - row.theoryMse) < 0.2); // prints 4.125 true
 */
export async function projectionError<P extends Projection>(
  options: ProjectionErrorOptions<P>,
): Promise<ProjectionErrorRow> {
  if (arguments.length > 1) refuseExtra('projectionError', arguments, 1);
  const read = readOptionsOf<ProjectionErrorOptions<P>, typeof projectionErrorOptions>(
    'projectionError',
    projectionErrorOptions,
    options,
  );
  const { projector, rank, trials, seed, onTrial } = read;
  checkTrials(trials);
  const gradient = gradientOf(read, seed);
  const given = await readGradient(projector, gradient);
  const { values } = given;
  const norm = inner(values, values);
  const square = norm || 1; // of a zero gradient errors are absolute
  const theory = projector.theory(compressedDimension(given), rank, given);
  const gain = theory.gain ?? 1;
  const [errors, readings, cosines] = [0, 1, 2].map(() => new Float64Array(trials)) as Samples;
  const half = trials >= 2 * leastTrials && theory.gain !== null ? Math.floor(trials / 2) : 0;
  const off = new Float64Array(half > 0 ? values.length : 0); // mean of Ĝ − gain·G over the first half
  const direct = new Float64Array(half > 0 ? trials - half : 0);
  let direction: Float64Array | undefined;
  for (let trial = 0; trial < trials; trial++) {
    const lifted = await roundTrip(projector, gradient, { rank, seed, trial });
    const [dot, size] = [inner(lifted, values), inner(lifted, lifted)];
    errors[trial] = (size - 2 * dot + norm) / square;
    readings[trial] = dot / square;
    cosines[trial] = size === 0 || dot === 0 ? 0 : dot / Math.sqrt(size * square);
    if (trial < half) {
      for (let i = 0; i < off.length; i++)
        (off[i] as number) += ((lifted[i] as number) - gain * (values[i] as number)) / half;
    } else if (half > 0) {
      direction ??= unit(off);
      direct[trial - half] = inner(lifted, direction) / Math.sqrt(square);
    }
    await onTrial?.(trial + 1);
  }
  const variance = theory.readingVariance?.(given, values) ?? square ** 2 * varianceOf(readings);
  const reading = medianOfMeans(readings, variance / square ** 2, falseAlarm);
  return {
    projector: projector.name,
    rows: given.shape[0],
    columns: given.shape[1],
    side: given.side,
    rank,
    trials,
    relativeMse: average(errors),
    theoryMse: norm === 0 ? 0 : theory.relativeMse,
    biasStatistic: norm === 0 ? 0 : Math.abs(reading.estimate - 1),
    biasThreshold: reading.bound + rounding,
    cosine: average(cosines),
    gain: theory.gain,
    gainStatistic: theory.gain === null ? null : norm === 0 ? 0 : Math.abs(reading.estimate - theory.gain),
    ...alongDirection(direction, direct, given, theory),
    standardError: Math.sqrt(varianceOf(errors) / (trials - 1)),
    seed,
  };
}

/** The finding along the direction in which the first half of the trials was off the most. */
function alongDirection(
  direction: Float64Array | undefined,
  samples: Float64Array,
  given: GradientValues,
  theory: Theory,
): Pick<ProjectionErrorRow, 'directionStatistic' | 'directionThreshold'> {
  // Nothing was off at all: there is no direction.
  if (!direction || !Number.isFinite(direction[0])) return { directionStatistic: null, directionThreshold: null };
  const norm = Math.sqrt(inner(given.values, given.values)) || 1;
  const derived = theory.readingVariance?.(given, direction);
  const variance = derived === undefined ? varianceOf(samples) : derived / norm ** 2;
  const { estimate, bound } = medianOfMeans(samples, variance, falseAlarm);
  const expected = ((theory.gain as number) * inner(given.values, direction)) / norm;
  return { directionStatistic: Math.abs(estimate - expected), directionThreshold: bound + rounding };
}

/** @throws OptionError `study/gradient` */
function gradientOf(
  { rows, columns, gradient }: Pick<ProjectionErrorOptions<Projection>, 'rows' | 'columns' | 'gradient'>,
  seed: number,
): Tensor {
  if (gradient && rows === undefined && columns === undefined && gradient.ndim === 2 && gradient.size > 0)
    return gradient;
  if (!gradient && rows !== undefined && columns !== undefined)
    return random.normal(fold(key(seed), 'gradient'), [rows, columns]);
  throw new OptionError({
    code: 'study/gradient',
    got: `projectionError got rows ${rows}, columns ${columns} and ${gradient ? `a gradient ${show(gradient.shape)}` : 'no gradient'}`,
    expected: 'rows and columns of a random gradient, or a gradient [n, m] with elements',
    fix: 'leave out one of them',
  });
}

/** @throws OptionError `study/trials` */
function checkTrials(trials: number): void {
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
