import { ShapeError } from '../base/errors';
import { checkArgument, refuseExtra, whole } from '../base/options';
import { sameShape, show } from '../base/shape';
import { checkTensor } from '../tensor/check';
import { checkFloat } from '../tensor/op';
import { add } from '../tensor/ops/elementwise/add';
import { div } from '../tensor/ops/elementwise/div';
import { mul } from '../tensor/ops/elementwise/mul';
import { sqrt } from '../tensor/ops/elementwise/sqrt';
import { square } from '../tensor/ops/elementwise/square';
import { sum } from '../tensor/ops/reductions/sum';
import type { Tensor } from '../tensor/tensor';

/**
 * G with its channels as much longer or shorter as an optimizer made them in the compressed space: φ ⊙ G with
 * φ_j = ‖N_j‖/(‖C_j‖ + 1e-8), for what went in, C, and what came out, N. Norms over r coordinates stand for norms over all.
 * `axis` is the one of the r coordinates in C, see `rankAxis`; without it there is one factor for the whole matrix.
 * φ does not change with the scale of G.
 * Shapes: G [n, m]; N and C [n, r] with axis 1, [r, m] with axis 0.
 * @throws ShapeError `compress/channels`
 * @see Zhu et al., "APOLLO", arXiv 2412.05270, equation 5; Chen et al., "Fira", arXiv 2410.01623, equation 9.
 */
export function scaleByChannels(G: Tensor, N: Tensor, C: Tensor, axis?: 0 | 1): Tensor {
  if (arguments.length > 4) refuseExtra('scaleByChannels', arguments, 4);
  for (const x of [G, N, C]) checkTensor('scaleByChannels', x);
  checkFloat('scaleByChannels', G, N, C);
  if (axis !== undefined) checkArgument('scaleByChannels', 'axis', axisKind, axis);
  const channels = axis === undefined ? undefined : 1 - axis;
  if (!sameShape(N.shape, C.shape) || (channels !== undefined && G.shape[channels] !== C.shape[channels]))
    throw otherChannels(G, N, C);
  const over = axis === undefined ? {} : { axis, keepDims: true };
  const norm = (x: Tensor): Tensor => sqrt(sum(square(x), over));
  return mul(G, div(norm(N), add(norm(C), 1e-8)));
}

const axisKind = whole({ low: 0, high: 1 });

function otherChannels(G: Tensor, N: Tensor, C: Tensor): ShapeError {
  return new ShapeError({
    code: 'compress/channels',
    got: `scaleByChannels got G ${show(G.shape)}, N ${show(N.shape)} and C ${show(C.shape)}`,
    expected: 'N and C of one shape, with the channels of G',
    fix: 'pass what down made of G as C, what the inner transform made of it as N, and rankAxis(leaf.projection)',
  });
}
