import { matmul } from '../../tensor/ops/products/matmul';
import type { Tensor } from '../../tensor/tensor';
import type { Projection, Projector } from '../projector';
import type { Side } from '../side';

/** The products with the A [r, d] of a projection, however A is made. */
export interface Products<P extends Projection> {
  /** Down: X·Aᵀ on the right, A·X on the left. Up: X·A on the right, Aᵀ·X on the left. */
  times(p: P, x: Tensor, way: 'down' | 'up'): Tensor;
  /** A_from·A_toᵀ [r, r'] */
  cross(from: P, to: P): Tensor;
}

/** The three maps of a projector. */
export type LinearMaps<P extends Projection> = Pick<Projector<P>, 'down' | 'up' | 'transfer'>;

/**
 * down, up and transfer of every projector of one side, from the products with its A. A transfer is up with the old A and
 * down with the new one, C·A_old·A_newᵀ on the right (A_new·A_oldᵀ·C on the left). The r×r product in between comes first,
 * so the [n, m] matrix never exists.
 */
/* @__NO_SIDE_EFFECTS__ */
export function linearMaps<P extends Projection>({ times, cross }: Products<P>): LinearMaps<P> {
  return {
    down: (p, g) => times(p, g, 'down'), // [n, m] → [n, r] or [r, m]
    up: (p, c) => times(p, c, 'up'), //     and back
    transfer(c, from, to) {
      const between = cross(from, to);
      return from.side === 'right' ? matmul(c, between) : matmul(between, c, { transposeA: true });
    },
  };
}

/** The product with a ready A: X·Aᵀ or X·A on the right, A·X or Aᵀ·X on the left. */
export function timesMatrix(side: Side, a: Tensor, x: Tensor, way: 'down' | 'up'): Tensor {
  return side === 'right' ? matmul(x, a, { transposeB: way === 'down' }) : matmul(a, x, { transposeA: way === 'up' });
}
