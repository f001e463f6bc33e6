import { checkArgument, number, type OptionsOf, optional, readOptions, refuseExtra } from '../base/options';
import type { AdamState } from '../optim/parts/scale-by-adam';
import { mapParams } from '../optim/transform';
import { eye } from '../tensor/ops/create';
import { abs } from '../tensor/ops/elementwise/abs';
import { add } from '../tensor/ops/elementwise/add';
import { mul } from '../tensor/ops/elementwise/mul';
import { square as squared } from '../tensor/ops/elementwise/square';
import { sub } from '../tensor/ops/elementwise/sub';
import { matmul } from '../tensor/ops/products/matmul';
import type { Tensor } from '../tensor/tensor';
import { type Projection, type Projector, projectorKind, rankAxis } from './projector';
import type { Carry } from './subspace';

const rotateMomentsOptions = {
  /** Decay of the mean, β1 (default 0.9). */
  beta1: optional(number({ low: 0, high: 1 }), 0.9),
  /** Decay of the mean square, β2 (default 0.999). */
  beta2: optional(number({ low: 0, high: 1 }), 0.999),
};

/** Decays of the moments that turn. */
export interface RotateMomentsOptions extends OptionsOf<typeof rotateMomentsOptions> {}

/**
 * An `onRefresh` for Adam's moments, which are not linear in the gradients: they turn with the basis. On the left, and
 * transposed on the right, with Q = A_new·A_oldᵀ and the corrections b1 = 1 − β1^t and b2 = 1 − β2^t of t updates:
 *
 *     M ← Q·M        V ← b2·|Q∘²·(V/b2 − (M/b1)∘²) + (Q·M/b1)∘²|
 *
 * That is the second moment of new coordinates if the old ones have means M/b1 and second moments V/b2 and do not vary
 * together. The formula can fall below zero, since V and M weigh the past differently: hence the absolute value.
 * Where Q is a permutation with signs, V is permuted and its numbers stay as they are.
 * Shapes: M and V [r, m] on the left, [n, r] on the right, and r' for r under the new projection.
 * @throws OptionError `projector/both-sides` at a refresh of a projector that compresses both sides
 * @see Robert, Safaryan, Modoranu and Alistarh, "LDAdam", ICLR 2025, arXiv 2410.16103, Algorithm 1; SubTrack++ (arXiv
 * 2502.01586) has it too.
 */
export function rotateMoments<P extends Projection>(
  projector: Projector<P>,
  options: RotateMomentsOptions = {},
): Carry<AdamState, P> {
  if (arguments.length > 2) refuseExtra('rotateMoments', arguments, 2);
  checkArgument('rotateMoments', 'projector', projectorKind, projector);
  const { beta1, beta2 } = readOptions('rotateMoments', rotateMomentsOptions, options);
  return ({ step, mean, square }, from, to) => {
    const left = rankAxis(from) === 0;
    const Q = projector.transfer(eye(from.rank), from, to); // [r', r] on the left, its transpose on the right
    const turn = (q: Tensor, x: Tensor): Tensor => (left ? matmul(q, x) : matmul(x, q));
    // Before the first update both moments are zero, and so is what they become.
    const [b1, b2] = step === 0 ? [1, 1] : [1 - beta1 ** step, 1 - beta2 ** step];
    const turned = mapParams(mean, (M) => turn(Q, M));
    return {
      step,
      mean: turned,
      square: mapParams(square, (V, path) => {
        const variance = sub(mul(V, 1 / b2), squared(mul(mean[path] as Tensor, 1 / b1)));
        const second = add(turn(squared(Q), variance), squared(mul(turned[path] as Tensor, 1 / b1)));
        return mul(abs(second), b2);
      }),
    };
  };
}
