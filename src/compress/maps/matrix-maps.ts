import { callable, checkArgument, refuseExtra } from '../../base/options';
import { matmul } from '../../tensor/ops/products/matmul';
import type { Tensor } from '../../tensor/tensor';
import type { Projection, Projector } from '../projector';

/** The linear maps of a projector whose A [r, d] is made as a whole before it is used. */
export function matrixMaps<P extends Projection>(
  matrix: (p: P) => Tensor,
): Pick<Projector<P>, 'down' | 'up' | 'transfer'> {
  if (arguments.length > 1) refuseExtra('matrixMaps', arguments, 1);
  checkArgument('matrixMaps', 'matrix', callable('of a projection that returns A [rank, d]'), matrix);
  return {
    down: (p, g) =>
      p.side === 'right'
        ? matmul(g, matrix(p), { transposeB: true }) // [n, m]·[m, r]
        : matmul(matrix(p), g), //                      [r, n]·[n, m]
    up: (p, c) =>
      p.side === 'right'
        ? matmul(c, matrix(p)) //                           [n, r]·[r, m]
        : matmul(matrix(p), c, { transposeA: true }), //    [n, r]·[r, m]
    transfer(c, from, to) {
      const cross = matmul(matrix(from), matrix(to), { transposeB: true }); // A_old·A_newᵀ [r, r']
      return from.side === 'right' ? matmul(c, cross) : matmul(cross, c, { transposeA: true });
    },
  };
}
