import { eigh } from '../../tensor/linalg/eigh';
import { svd } from '../../tensor/linalg/svd';
import { add } from '../../tensor/ops/elementwise/add';
import { greater } from '../../tensor/ops/elementwise/compare';
import { div } from '../../tensor/ops/elementwise/div';
import { maximum } from '../../tensor/ops/elementwise/maximum';
import { mul } from '../../tensor/ops/elementwise/mul';
import { where } from '../../tensor/ops/elementwise/where';
import { transpose } from '../../tensor/ops/movement/transpose';
import { matmul } from '../../tensor/ops/products/matmul';
import { max } from '../../tensor/ops/reductions/max';
import type { Tensor } from '../../tensor/tensor';

/** X⁺ [m, n] of x [n, m]: what rounding makes of a zero singular value counts as zero, so that 0⁺ = 0. */
export function pseudoInverse(x: Tensor): Tensor {
  const { u, s, vt } = svd(x);
  return matmul(mul(transpose(vt), reciprocals(s, s)), u, { transposeB: true });
}

/** (S + λI)⁺ of a symmetric matrix S [r, r] without negative eigenvalues. */
export function dampedInverse(gram: Tensor, damping: number): Tensor {
  const { values, vectors } = eigh(gram);
  return matmul(mul(vectors, reciprocals(add(values, damping), values)), vectors, { transposeB: true });
}

/** 1/x, and 0 where x is no more than rounding of the largest of `sizes` [r]. */
function reciprocals(x: Tensor, sizes: Tensor): Tensor {
  const least = mul(max(sizes), (sizes.shape[0] as number) * 2 ** -23);
  return where(greater(x, least), div(1, maximum(x, 2 ** -126)), 0);
}
