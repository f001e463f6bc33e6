import { boolean, choice, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import type { Shape } from '../../base/shape';
import { chain } from '../../optim/combinators/chain';
import { addDecayedWeights } from '../../optim/parts/add-decayed-weights';
import { type AdamState, scaleByAdam } from '../../optim/parts/scale-by-adam';
import { scaleByLearningRate } from '../../optim/parts/scale-by-learning-rate';
import { qr } from '../../tensor/linalg/qr';
import { zeros } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { axpby } from '../../tensor/ops/elementwise/axpby';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sub } from '../../tensor/ops/elementwise/sub';
import { transpose } from '../../tensor/ops/movement/transpose';
import { matmul } from '../../tensor/ops/products/matmul';
import type { Tensor } from '../../tensor/tensor';
import type { Combine } from '../combine';
import { compress } from '../compress';
import { type CompressedSide, compressedSideKind, onSide } from '../compressed-side';
import { intervalKind, rankKind } from '../leaf-rules';
import type { Projection, Projector } from '../projector';
import { type StoredProjection, svd } from '../projectors/svd';
import { rotateMoments } from '../rotate-moments';
import { subspaceAdamOptions } from './adam-options';

const share = number({ low: 0, high: 1 });

const ldadamOptions = {
  ...subspaceAdamOptions,
  /** Rows of the projection, or a rule (default 16). */
  rank: optional(rankKind, 16),
  /** Optimizer steps between new projections, Infinity for never, or a rule (default 1: one in every step). */
  refreshEvery: optional(intervalKind, 1),
  /** Decay of the mean, β1 (default 0.908). */
  beta1: optional(share, 0.908),
  /** Decay of the mean square, β2 (default 0.99). */
  beta2: optional(share, 0.99),
  /** ε, added to the root after the bias correction (default 1e-8). */
  epsilon: optional(number({ low: 0 }), 1e-8),
  /** Decoupled weight decay, before the step (default 0). */
  weightDecay: optional(number({ low: 0 }), 0),
  /** ρ, how much the momentum weighs against the gradient in what the projection is made for (default 0.908). */
  rho: optional(share, 0.908),
  /** How it is made: one `power` iteration from the last one (default), or the `svd`. */
  projectionMethod: optional(choice('power', 'svd'), 'power'),
  /** Add to the next gradient what this projection dropped (default true). */
  errorFeedback: optional(boolean, true),
  /** Which side is compressed: `std` (default) the smaller one, and the left one of a square. */
  side: optional(compressedSideKind, 'std'),
};

/** The options of LDAdam. */
export interface LdadamOptions extends OptionsOf<typeof ldadamOptions> {}

/**
 * LDAdam: Adam in a subspace that turns a little in every step; the moments turn along, and what a projection drops comes
 * back with the next gradient. On the left, and transposed on the right, with P = Aᵀ:
 *
 *     G ← G + E       B = ρ·P_old·M/(1 − β1^t) + (1 − ρ)·G       P = qr(B·Bᵀ·P_old)
 *     M̃, Ṽ ← the moments under P, see `rotateMoments`             E ← G − P·Pᵀ·G + β1/(1 − β1)·(P_old·M − P·M̃)
 *     N = Adam(Pᵀ·G)                                             W ← (1 − η·decay)·W − η·P·N
 *
 * State of a weight [n, m] with M ≥ μ: 2·r·M + r·μ floats, and n·m for E, which the authors keep in the buffer of the
 * gradient. Nothing is lost: β1·P_old·M + (1 − β1)·G = P·M + (1 − β1)·E in every step. Pitfalls: clip gradients before this
 * transform, since E must come back whole; the first projection is of singular vectors; the second moment of the turned
 * coordinates is an estimate.
 * @throws OptionError `compress/nothing`, `projector/both-sides`, `options/…`
 * @see Robert, Safaryan, Modoranu and Alistarh, "LDAdam: adaptive optimization from low-dimensional gradient statistics",
 * ICLR 2025, arXiv 2410.16103, Algorithm 1.
 */
export function ldadam(options: LdadamOptions) {
  if (arguments.length > 1) refuseExtra('ldadam', arguments, 1);
  const {
    learningRate,
    rank,
    beta1,
    beta2,
    epsilon,
    weightDecay,
    rho,
    projectionMethod,
    errorFeedback,
    side,
    ...rest
  } = readOptions('ldadam', ldadamOptions, options);
  const { projector: given, ...places } = rest;
  const projector = onSideOf(given ?? followingMomentum(projectionMethod, { beta1, rho }), side);
  return chain(
    compress({
      projector,
      rank,
      inner: scaleByAdam({ beta1, beta2, epsilon }),
      onRefresh: rotateMoments(projector, { beta1, beta2 }),
      combine: liftFedBack(beta1, errorFeedback),
      ...places,
    }),
    addDecayedWeights(weightDecay),
    scaleByLearningRate(learningRate),
  );
}

/** The subspace of ρ·M̂ + (1 − ρ)·G, near the last one; of the gradient alone in the first step. */
function followingMomentum(
  method: 'power' | 'svd',
  { beta1, rho }: { readonly beta1: number; readonly rho: number },
): Projector<StoredProjection, AdamState> {
  return {
    ...svd,
    name: `${method} of the momentum`,
    refresh(p, G, context) {
      if (context.first) return svd.refresh?.(p, G, context) ?? p;
      const { step, mean } = context.inner;
      const momentum = svd.up(p, mean[context.path] as Tensor);
      const B = axpby(rho / (1 - beta1 ** step), momentum, 1 - rho, G);
      if (method === 'svd') return svd.refresh?.(p, B, context) ?? p;
      const C = svd.down(p, B);
      const turned = matmul(B, C, p.side === 'left' ? { transposeB: true } : { transposeA: true }); // [d, r]
      return { ...p, matrix: transpose(qr(turned).q) };
    },
  };
}

/** What the projections dropped so far: it is added to the next gradient. */
export interface LdadamFeedback {
  /** In the shape of the parameter. */
  readonly error: Tensor;
}

/** `liftUpdate` on gradients with what was dropped before, if `errorFeedback`. */
function liftFedBack(beta1: number, errorFeedback: boolean): Combine<AdamState, LdadamFeedback | undefined> {
  const step: Combine<AdamState, LdadamFeedback | undefined> = (gradient, old, { refresh, down, inner, up }, path) => {
    const G = old.own ? add(gradient, old.own.error) : gradient;
    const leaf = refresh(old, { gradient: G });
    const C = down(leaf, G);
    const [N, next] = inner(leaf, C);
    if (!old.own) return [up(next, N), next];
    const momentumOf = (x: typeof leaf): Tensor => up(x, x.inner.mean[path] as Tensor);
    const lost = sub(momentumOf(old), momentumOf(leaf)); // P_old·M − P·M̃
    const error = add(sub(G, up(leaf, C)), mul(lost, beta1 / (1 - beta1)));
    return [up(next, N), { ...next, own: { error } }];
  };
  return errorFeedback
    ? Object.assign(step, { init: ({ shape }: Tensor): LdadamFeedback => ({ error: zeros(shape) }) })
    : step;
}

/** `onSide`, but a square is compressed on the left. */
function onSideOf<P extends Projection>(projector: Projector<P>, side: CompressedSide): Projector<P> {
  if (side !== 'std') return onSide(projector, side);
  const [left, right] = [onSide(projector, 'left'), onSide(projector, 'right')];
  const rule = ([n, m]: Shape): Projector<P> => ((n as number) > (m as number) ? right : left);
  return {
    ...projector,
    side: (shape) => rule(shape).side(shape),
    sample: (key, shape, rank, refresh) => rule(shape).sample(key, shape, rank, refresh),
  };
}
