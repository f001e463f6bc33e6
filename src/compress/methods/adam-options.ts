import { seedKind } from '../../base/key';
import { boolean, number, optional, required } from '../../base/options';
import { filterKind } from '../../optim/filter';
import { rate } from '../../optim/schedules';
import { intervalKind, rankKind } from '../leaf-rules';
import { projectorKind } from '../projector';

/** What every method that runs Adam in a subspace takes, with the defaults of GaLore's code, which the others are built on. */
export const subspaceAdamOptions = {
  /** η, or a schedule of it. */
  learningRate: required(rate),
  /** Rows of the projection, or a rule. */
  rank: required(rankKind),
  /** T: optimizer steps between new projections, Infinity for never, or a rule (default 200). */
  refreshEvery: optional(intervalKind, 200),
  /** Decay of the mean, β1 (default 0.9). */
  beta1: optional(number({ low: 0, high: 1 }), 0.9),
  /** Decay of the mean square, β2 (default 0.999). */
  beta2: optional(number({ low: 0, high: 1 }), 0.999),
  /** ε, added to the root before the bias correction (default 1e-6). */
  epsilon: optional(number({ low: 0 }), 1e-6),
  /** Decoupled weight decay, after the step (default 0). */
  weightDecay: optional(number({ low: 0 }), 0),
  /** How gradients are projected, in place of the method's own projector. */
  projector: optional(projectorKind),
  /** Refresh the parameters one after the other over an interval, not all in one step (default false). */
  stagger: optional(boolean, false),
  /** Which parameters are compressed (default: matrices whose smaller dimension is at least the rank); others get Adam. */
  filter: optional(filterKind),
  /** What all projections are drawn from (default 0). */
  seed: optional(seedKind, 0),
};
