import { seedKind } from '../base/key';
import { listOf, optional, required, type ValuesOf, whole } from '../base/options';
import { type Projector, projectorKind } from '../compress/projector';
import { svd } from '../compress/projectors/svd';
import { topCoordinates } from '../compress/projectors/top-coordinates';
import type { Side } from '../compress/side';
import type { GradientValues, Theory } from '../compress/theory/theory';
import { type Aged, agedLabel, agedOf, agesOption, checkAges } from './aged';
import { energyShares } from './best';
import { drawsNeeded, theoryOf } from './draws';
import { meanAndError } from './numbers';
import type { Pause } from './question';
import { readGradient } from './round-trip';
import { gradientsKind, type StudiedGradient } from './studied-gradient';
import { usualProjectors } from './usual';

/** Options of questions about gradients under projections that may be older than they are. */
export const agedOptions = {
  /** Gradients [n, m] by name; those of a training have their path and step. */
  gradients: required(gradientsKind),
  /** How they are projected. */
  projectors: optional(listOf(projectorKind), [...usualProjectors, topCoordinates, svd]),
  /** Rows of the projections: one or several. */
  ranks: required(listOf(whole({ low: 1 }))),
  /** How many steps older the gradient is that the projection is made of: one age or several. */
  ages: agesOption,
  /** Fresh projections of a gradient; one where all are the same. */
  trials: optional(whole({ low: 2 }), 20),
  /** Everything random follows from it. */
  seed: optional(seedKind, 0),
};
type Read = ValuesOf<typeof agedOptions>;

/** What a row says of its cell. */
export interface AgedRow {
  /** Name of the gradient. */
  readonly gradient: string;
  /** Its parameter; null where it is of no training. */
  readonly path: string | null;
  /** The step that it was captured at; null where it is of no training. */
  readonly step: number | null;
  /** Name of the projector. */
  readonly projector: string;
  /** Which dimension was compressed. */
  readonly side: Side;
  /** Rows of the projection. */
  readonly rank: number;
  /** Steps between the gradient that the projection is made of and this one; null for projectors that look at none. */
  readonly age: number | null;
  /** How many projections were drawn: 1 where all are the same. */
  readonly trials: number;
  /** Standard error of the mean over the draws. */
  readonly standardError: number;
  /** What everything random follows from. */
  readonly seed: number;
}

/** One gradient under one projector, at one rank and one age. */
export interface AgedCell extends Aged {
  readonly projector: Projector;
  readonly rank: number;
  readonly studied: StudiedGradient;
  /** Its values. */
  readonly given: GradientValues;
  /** Its squared singular values as shares of its squared norm, which fall. */
  readonly shares: readonly number[];
  /** What the projector promises for the gradient that the projection is made of; null where it promises nothing. */
  readonly theory: Theory | null;
}

/** @throws OptionError `study/ages` */
export async function* agedCells(where: string, read: Read): AsyncGenerator<AgedCell> {
  const { gradients, projectors, ranks, ages } = read;
  checkAges(where, gradients, ages);
  for (const studied of gradients) {
    const [n, m] = studied.gradient.shape as readonly [number, number];
    const shares = energyShares({ values: await studied.gradient.data(), shape: [n, m] });
    for (const projector of projectors)
      for (const aged of agedOf(projector, studied, gradients, ages))
        for (const rank of ranks) {
          const given = await readGradient(projector, studied.gradient);
          const theory = theoryOf(projector, rank, await readGradient(projector, aged.madeOf));
          yield { projector, rank, studied, given, shares, theory, ...aged };
        }
  }
}

/** The mean of what draws give, with what a row says of its cell. All gradients see the same draws. */
export async function meanOverDraws(
  { projector, rank, studied, given, theory, age }: AgedCell,
  { trials, seed }: Read,
  pause: Pause,
  measure: (draw: { readonly rank: number; readonly seed: number; readonly trial: number }) => Promise<number>,
): Promise<{ readonly row: AgedRow; readonly mean: number }> {
  const { name, path = null, step = null } = studied;
  const draws = drawsNeeded(projector, theory, trials);
  const samples: number[] = [];
  for (let trial = 0; trial < draws; trial++) {
    samples.push(await measure({ rank, seed, trial }));
    await pause(`${agedLabel({ projector: projector.name, age })}, ${name}, rank ${rank}`);
  }
  const { mean, standardError } = meanAndError(samples);
  const what = { gradient: name, path, step, projector: projector.name, side: given.side, rank, age };
  return { row: { ...what, trials: draws, standardError, seed }, mean };
}
