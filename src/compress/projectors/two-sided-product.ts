import { keyed } from '../keyed';
import { generatedMaps } from '../maps/generated-maps';
import { leftOf, rightOf } from '../maps/two-sided';
import { needGradient } from '../projector';
import type { GradientValues } from '../theory/theory';

// Parts of the gradient and of C pass through these, so they check nothing: the projector here has looked at the whole.
const { down, up, transfer } = generatedMaps('normal');

/**
 * Independent Gaussian projections from both sides: C = A_L·G·A_Rᵀ, only [r, r], and S_L·G·S_R on the way back. Unbiased,
 * relative squared error (1 + (n + 1)/r)(1 + (m + 1)/r) − 1: the least state, and by far the largest error.
 *
 * With H = W·S_R·Gᵀ, the variance of ⟨S_L·G·S_R, W⟩ is (2/r)·E‖sym H‖² + (2/r)·‖sym GᵀW‖², and E‖sym H‖² is
 * ‖sym W·Gᵀ‖² + (‖W‖²‖G‖² + ‖W·Gᵀ‖² + ⟨W·Wᵀ, G·Gᵀ⟩ + tr²(W·Gᵀ))/(2r). The variance of the squared error is not derived.
 */
export const twoSidedProduct = /* @__PURE__ */ keyed('twoSidedProduct', {
  side: () => 'both',
  maps: {
    down: (p, g) => down(rightOf(p), down(leftOf(p), g)),
    up: (p, c) => up(leftOf(p), up(rightOf(p), c)),
    transfer: (c, from, to) => transfer(transfer(c, leftOf(from), leftOf(to)), rightOf(from), rightOf(to)),
  },
  compressedShape: ({ rank }) => [rank, rank],
  theory(_, rank, given) {
    const [n, m] = needGradient('twoSidedProduct', given).shape;
    return {
      gain: 1,
      relativeMse: (1 + (n + 1) / rank) * (1 + (m + 1) / rank) - 1,
      readingVariance(g, w) {
        const ww = gram(w, w, g.shape, 'rows');
        const gg = gram(g.values, g.values, g.shape, 'rows');
        const wg = gram(w, g.values, g.shape, 'rows');
        const fresh = trace(ww) * trace(gg) + inner(wg, wg) + inner(ww, gg) + trace(wg) ** 2;
        const fromLeft = symmetricSquare(wg) + fresh / (2 * rank);
        const fromRight = symmetricSquare(gram(g.values, w, g.shape, 'columns'));
        return (2 / rank) * (fromLeft + fromRight);
      },
      // each of the terms above is at most 1 for norms of 1
      largestReadingVariance: (4 / rank) * (1 + 1 / rank),
    };
  },
});

/** All inner products of the rows of x with those of y, X·Yᵀ [n, n], or of their columns, Xᵀ·Y [m, m]. */
function gram(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  [n, m]: GradientValues['shape'],
  of: 'rows' | 'columns',
): Float64Array[] {
  const [d, other, along, across] = of === 'rows' ? [n, m, m, 1] : [m, n, 1, m];
  return Array.from({ length: d }, (_, i) =>
    Float64Array.from({ length: d }, (_, j) => {
      let sum = 0;
      for (let l = 0; l < other; l++)
        sum += (x[i * along + l * across] as number) * (y[j * along + l * across] as number);
      return sum;
    }),
  );
}

function trace(a: readonly Float64Array[]): number {
  return a.reduce((sum, row, i) => sum + (row[i] as number), 0);
}

function inner(a: readonly Float64Array[], b: readonly Float64Array[]): number {
  return a.reduce((sum, row, i) => row.reduce((s, x, j) => s + x * ((b[i] as Float64Array)[j] as number), sum), 0);
}

/** ‖(a + aᵀ)/2‖² */
function symmetricSquare(a: readonly Float64Array[]): number {
  const transposed = a.map((_, i) => Float64Array.from(a, (row) => row[i] as number));
  return (inner(a, a) + inner(a, transposed)) / 2;
}
