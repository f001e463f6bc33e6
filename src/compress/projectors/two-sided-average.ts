import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { concat } from '../../tensor/ops/movement/concat';
import { reshape } from '../../tensor/ops/movement/reshape';
import { slice } from '../../tensor/ops/movement/slice';
import type { Tensor } from '../../tensor/tensor';
import { type KeyedProjection, keyed } from '../keyed';
import { generatedMaps } from '../maps/generated-maps';
import { leftOf, rightOf } from '../maps/two-sided';
import { needGradient } from '../projector';
import { independentEntriesVariance } from '../theory/independent-entries';
import { type GradientValues, readingMoments } from '../theory/theory';
import { gaussian } from './gaussian';

// Parts of the gradient and of C pass through these, so they check nothing: the projector here has looked at the whole.
const { down, up, transfer } = generatedMaps('normal');
const half = Math.SQRT1_2; // on the way down and on the way up: ½ for the round trip

/**
 * The mean of independent Gaussian round trips from the left and from the right, (S_L·G + G·S_R)/2. Unbiased, relative
 * squared error ¼·((n + 1)/r + (m + 1)/r). C holds A_L·G and G·A_Rᵀ, one after the other, over √2: [r·(n + m)].
 *
 * The two errors E_L·G and G·E_R are independent; Var⟨E_L·G, G·E_R⟩ ≤ 4‖G‖⁴/r², and Minkowski's inequality adds up the
 * deviations.
 */
export const twoSidedAverage = /* @__PURE__ */ keyed('twoSidedAverage', {
  side: () => 'both',
  maps: {
    down: (p, g) => join(mul(down(leftOf(p), g), half), mul(down(rightOf(p), g), half)),
    up(p, c) {
      const [fromLeft, fromRight] = parts(p, c);
      return mul(add(up(leftOf(p), fromLeft), up(rightOf(p), fromRight)), half);
    },
    transfer(c, from, to) {
      const [fromLeft, fromRight] = parts(from, c); // [r, m], [n, r]
      // A_L′·(A_Lᵀ·C_L + C_R·A_R) and (A_Lᵀ·C_L + C_R·A_R)·A_R′ᵀ, each product with the small matrix first
      const left = add(transfer(fromLeft, leftOf(from), leftOf(to)), up(rightOf(from), down(leftOf(to), fromRight)));
      const right = add(up(leftOf(from), down(rightOf(to), fromLeft)), transfer(fromRight, rightOf(from), rightOf(to)));
      return join(mul(left, 1 / 2), mul(right, 1 / 2));
    },
  },
  compressedShape: ({ shape: [n, m], rank }) => [rank * (n + m)],
  theory(_, rank, given) {
    const gradient = needGradient('twoSidedAverage', given);
    const [n, m] = gradient.shape;
    const sides = [gaussian.theory(n, rank), gaussian.theory(m, rank)];
    const deviations = sides.map(({ relativeMseVariance = 0 }) => Math.sqrt(relativeMseVariance));
    const varianceOf = independentEntriesVariance(rank, 3);
    return {
      gain: 1,
      relativeMse: (n + m + 2) / (4 * rank),
      relativeMseVariance: ((deviations.reduce((a, b) => a + b) + 4 / rank) / 4) ** 2,
      readingVariance: (g, w) =>
        (varianceOf(readingMoments(seenFrom('left', g), w)) + varianceOf(readingMoments(seenFrom('right', g), w))) / 4,
      largestReadingVariance: 1 / rank,
    };
  },
});

function seenFrom(side: 'left' | 'right', gradient: GradientValues): GradientValues {
  return { ...gradient, side };
}

function join(left: Tensor, right: Tensor): Tensor {
  return concat([reshape(left, [left.size]), reshape(right, [right.size])], 0);
}

function parts({ shape: [n, m], rank }: KeyedProjection, c: Tensor): [left: Tensor, right: Tensor] {
  const border = rank * m;
  return [reshape(slice(c, [0], [border]), [rank, m]), reshape(slice(c, [border], [rank * (n + m)]), [n, rank])];
}
