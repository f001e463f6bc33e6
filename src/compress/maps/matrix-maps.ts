import { callable, checkArgument, refuseExtra } from '../../base/options';
import { matmul } from '../../tensor/ops/products/matmul';
import type { Tensor } from '../../tensor/tensor';
import type { Projection } from '../projector';
import { type LinearMaps, linearMaps, timesMatrix } from './linear-maps';

/** The linear maps of a projector whose A [r, d] is made as a whole before it is used. */
export function matrixMaps<P extends Projection>(matrix: (p: P) => Tensor): LinearMaps<P> {
  if (arguments.length > 1) refuseExtra('matrixMaps', arguments, 1);
  checkArgument('matrixMaps', 'matrix', callable('of a projection that returns A [rank, d]'), matrix);
  return linearMaps({
    times: (p, x, way) => timesMatrix(p.side, matrix(p), x, way),
    cross: (from, to) => matmul(matrix(from), matrix(to), { transposeB: true }),
  });
}
