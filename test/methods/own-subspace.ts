import { matmul, projectors, random, type Tensor } from '../../src/index';
import { firstRefresh } from '../support/refresh';
import { matrix, type Recorded } from './replay';

/**
 * How far the subspaces of a record are from those that our own decomposition finds in the same gradients: the largest
 * entry of AᵀA − PᵀP over its refreshes, since singular vectors have either sign.
 */
export function ownSubspaceOff({ init, grads, projections = [] }: Recorded): number {
  const { svd } = projectors;
  const key = random.key(0);
  const offs = projections.map(({ step, P }) => {
    const [recorded, g] = [P, grads[step]].map((x) => matrix(x ?? init)) as [Tensor, Tensor];
    const [r, d] = [Math.min(...recorded.shape), Math.max(...recorded.shape)];
    const { matrix: a } = svd.refresh?.(svd.sample(key, g.shape, r), g, firstRefresh(key)) ?? { matrix: g };
    const rows = recorded.shape[0] === d ? recorded.transpose() : recorded;
    const gram = (x: Tensor): Tensor => matmul(x, x, { transposeA: true });
    return Math.max(...gram(a).sub(gram(rows)).dataSync().map(Math.abs));
  });
  return Math.max(...offs);
}
