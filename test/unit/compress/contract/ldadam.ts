import {
  type AdamState,
  type Combine,
  compress,
  linalg,
  type Projector,
  projectors,
  type StoredProjection,
  scaleByAdam,
  type Tensor,
  zeros,
} from '../../../../src/index';

/** What the projections dropped so far: it is added to the next gradient. */
interface Feedback {
  readonly error: Tensor;
}

export interface LdAdamOptions {
  readonly rank: number;
  readonly beta1?: number;
  readonly beta2?: number;
  /** ρ, the weight of the momentum in what the projection is made for. */
  readonly rho?: number;
  readonly epsilon?: number;
}

/**
 * LDAdam: Adam in a subspace that turns a little in every step, with moments that turn along and an error buffer through
 * which nothing is lost, only late. Without the learning rate and its sign.
 * @see Robert, Safaryan, Modoranu and Alistarh, "LDAdam", arXiv 2410.16103, Algorithm 1.
 */
export function ldAdam(options: LdAdamOptions) {
  const { rank, beta1 = 0.908, beta2 = 0.99, rho = 0.908, epsilon = 1e-8 } = options;
  const { svd } = projectors;

  /** One power iteration from the old basis, on ρ·M̂ + (1 − ρ)·G; the first basis is that of the singular vectors. */
  const powerIteration: Projector<StoredProjection, AdamState> = {
    ...svd,
    name: 'powerIteration',
    refresh(p, G, context) {
      if (context.first) return svd.refresh?.(p, G, context) ?? p;
      const { step, mean } = context.inner;
      const lifted = svd.up(p, mean[context.path] as Tensor);
      const B = lifted.mul(rho / (1 - beta1 ** step)).add(G.mul(1 - rho));
      const C = svd.down(p, B);
      const turned = p.side === 'left' ? B.matmul(C, { transposeB: true }) : B.matmul(C, { transposeA: true }); // [d, r]
      return { ...p, matrix: linalg.qr(turned).q.transpose() };
    },
  };

  /** M ← Q·M, and V as if each coordinate of M were random with mean M̂ and second moment V̂. */
  const rotate = ({ step, mean, square }: AdamState, from: StoredProjection, to: StoredProjection): AdamState => {
    const Q = to.matrix.matmul(from.matrix, { transposeB: true }); // A_new·A_oldᵀ [r, r]
    const turn = (q: Tensor, x: Tensor): Tensor =>
      from.side === 'left' ? q.matmul(x) : x.matmul(q, { transposeB: true });
    const [c1, c2] = [1 - beta1 ** step, 1 - beta2 ** step];
    const entries = Object.entries(mean).map(([path, m]) => {
      const [hat, hatSquare] = [m.div(c1), (square[path] as Tensor).div(c2)];
      const variance = turn(Q.square(), hatSquare.sub(hat.square()));
      const second = variance.add(turn(Q, hat).square()).abs();
      return { path, mean: turn(Q, m), square: second.mul(c2) };
    });
    return {
      step,
      mean: Object.fromEntries(entries.map((entry) => [entry.path, entry.mean])),
      square: Object.fromEntries(entries.map((entry) => [entry.path, entry.square])),
    };
  };

  const step: Combine<AdamState, Feedback> = (gradient, old, { refresh, down, inner, up }, path) => {
    const G = gradient.add(old.own.error);
    const leaf = refresh(old, { gradient: G });
    const C = down(leaf, G);
    const momentumOf = (x: typeof leaf): Tensor => up(x, x.inner.mean[path] as Tensor);
    const lost = momentumOf(old).sub(momentumOf(leaf)); // P_old·M − P·M̃
    const error = G.sub(up(leaf, C)).add(lost.mul(beta1 / (1 - beta1)));
    const [U, next] = inner(leaf, C);
    return [up(next, U), { ...next, own: { error } }];
  };

  const combine = Object.assign(step, { init: ({ shape }: Tensor): Feedback => ({ error: zeros(shape) }) });
  const inner = scaleByAdam({ beta1, beta2, epsilon });
  return compress({ projector: powerIteration, rank, inner, refreshEvery: 1, onRefresh: rotate, combine });
}
