import type { LeafRule } from '../../compress/leaf-rules';
import type { Projector } from '../../compress/projector';
import type { Filter } from '../../optim/filter';
import type { Schedule } from '../../optim/schedules';
import type { GradientTransform } from '../../optim/transform';

/** What a method of the catalogue is made from; methods without a projection leave out the rank and what follows it. */
export interface MethodSettings {
  /** η, or a schedule of it. */
  readonly learningRate: number | Schedule;
  /** Rows of the projection. */
  readonly rank: number;
  /** Steps between new projections. */
  readonly refreshEvery: number | LeafRule;
  /** What everything random is drawn from. */
  readonly seed: number;
  /** Which parameters the method treats; the others get Adam, and in Flora dense Adafactor. */
  readonly filter?: Filter | undefined;
}

/** The part of a method that is linear in the gradient: its update for one gradient, at rank r. */
export interface LinearCore {
  /** A transform whose first update is the round trip of the gradient, drawn from the seed, with sign and learning rate left out. */
  make(settings: { readonly rank: number; readonly seed: number }): GradientTransform<unknown>;
  /** E[update] = gain·G over the draws; `biased` where it is of no such form, as for projections that look at G. */
  readonly gain: number | 'biased';
  /** The projector whose round trip it is, where it is one: its theory says how far draws scatter. */
  readonly projector?: Projector;
}

/** A method of the field, and what a comparison, a table or a reader must know of it. */
export interface Method {
  /** As sentences call it. */
  readonly label: string;
  /** Who, where and when. */
  readonly paper: string;
  /** What it keeps between steps, in words. */
  readonly keeps: string;
  /**
   * Floats of state of one weight [n, m]: a sum of products with M = max(n, m), μ = min(n, m), the rank r, n and m, such as
   * `2·r·M + r·μ`. Codes of a few bits are counted in whole words, `⌈r·μ/8⌉`.
   */
  readonly floats: string;
  /** The file that has its formula. */
  readonly file: string;
  /** A call of it with usual options, as a reader would write it. */
  readonly use: string;
  /** It has a rank. */
  readonly ranked: boolean;
  /** It moves the factors of adapters, whose rank is that of the adapters, and no whole weights (default: weights). */
  readonly trains?: 'adapters';
  /** Peak of the schedule, from the sweep in `docs/methods.md`. */
  readonly learningRate: number;
  /** What is linear in it; absent where nothing is, as in a sign. */
  readonly core?: LinearCore;
  /** The optimizer with these settings. */
  make(settings: MethodSettings): GradientTransform<unknown>;
}
