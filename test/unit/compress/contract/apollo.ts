import {
  type AdamState,
  type Combine,
  compress,
  type Projection,
  type Projector,
  scaleByAdam,
  type Tensor,
  zeros,
} from '../../../../src/index';

/** The norm of the last update: a limiter compares with it, across refreshes too. */
interface Limiter {
  readonly norm: Tensor;
}

export interface ApolloOptions<P extends Projection> {
  readonly projector: Projector<P>;
  readonly rank: number;
  readonly refreshEvery: number;
  /** One factor for each index of the side that is not compressed, or one for the whole matrix, as APOLLO-Mini has it. */
  readonly factors: 'channel' | 'tensor';
  /** α, of which the update is multiplied by the root (default 1). */
  readonly scale?: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/** Largest growth of the norm of an update from one step to the next, after Fira (arXiv 2410.01623). */
const growth = 1.01;

/**
 * APOLLO: the compressed Adam says only how large the step of each channel is; the gradient itself says where it goes.
 * Without the learning rate and its sign.
 * @see Zhu et al., "APOLLO: SGD-like memory, AdamW-level performance", arXiv 2412.05270, Algorithm 1.
 */
export function apollo<P extends Projection>(options: ApolloOptions<P>) {
  const { projector, rank, refreshEvery, factors, scale = 1, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-6 } = options;
  const inner = scaleByAdam({ beta1, beta2, epsilon });

  const step: Combine<AdamState, Limiter> = (G, leaf, { refresh, down, inner: adam }, path) => {
    const started = leaf.inner.step > 0;
    leaf = refresh(leaf);
    const C = down(leaf, G);
    const [, next] = adam(leaf, C);
    const { step: t, mean, square } = next.inner;
    const N = (mean[path] as Tensor).div((square[path] as Tensor).sqrt().add(epsilon));

    const across = leaf.projection.side === 'right' ? 1 : 0; // the axis of the r compressed coordinates
    const over = factors === 'channel' ? { axis: across, keepDims: true } : {};
    const norm = (x: Tensor): Tensor => x.square().sum(over).sqrt();
    const phi = norm(N).div(norm(C).add(1e-8)); //                             φ = ‖N‖/‖C‖
    const scaled = G.mul(phi);

    const size = scaled.square().sum().sqrt();
    const ratio = size.div(leaf.own.norm.add(1e-8));
    const limit = started ? ratio.maximum(growth).div(growth) : 1; // the first step only stores
    const limited = scaled.div(limit);
    const correction = Math.sqrt(1 - beta2 ** t) / (1 - beta1 ** t);
    return [limited.mul(Math.sqrt(scale) * correction), { ...next, own: { norm: size.div(limit) } }];
  };

  const combine = Object.assign(step, { init: (): Limiter => ({ norm: zeros([]) }) });
  return compress({ projector, rank, inner, refreshEvery, onRefresh: 'keep', combine });
}
