import type { Key } from '../base/key';
import { linalg } from '../tensor/linalg';
import type { SVD } from '../tensor/linalg/svd';
import { matmul } from '../tensor/ops/products/matmul';
import { random } from '../tensor/ops/random/random';
import { runInScope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';

/**
 * The leading `rank` singular vectors and values of a large matrix, from products with `width` ≥ rank columns: a random
 * range, sharpened by `iterations` subspace iterations, then the SVD of what the matrix is in it. 4·n·m·width flops an
 * iteration, where `linalg.svd` would need some 20·min(n, m)³.
 * Shapes: x [n, m] → u [n, rank], s [rank], vt [rank, m].
 * @see Halko, Martinsson and Tropp, "Finding structure with randomness", arXiv 0909.4061, algorithms 4.4 and 5.1.
 */
export function randomizedSvd(x: Tensor, rank: number, width: number, key: Key, iterations = 4): SVD {
  return runInScope('randomizedSvd', () => {
    const [, m] = x.shape as readonly [number, number];
    const basis = (y: Tensor): Tensor => linalg.qr(y).q;
    let q = basis(matmul(x, random.normal(key, [m, width]))); // [n, width]
    for (let i = 0; i < iterations; i++) q = basis(matmul(x, basis(matmul(x, q, { transposeA: true }))));
    const { u, s, vt } = linalg.svd(matmul(q, x, { transposeA: true }), { rank });
    return { u: matmul(q, u), s, vt };
  });
}
