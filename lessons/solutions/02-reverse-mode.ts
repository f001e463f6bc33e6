import type { Tensor } from 'floragrad';

/** g, y [n, d], s [n, 1] → [n, d]. */
export function unitRowsVjp(g: Tensor, y: Tensor, s: Tensor): Tensor {
  // Σ g·dy = Σ g·(dx − y·ds)/s, with ds = Σ y·dx. In the second term Σ g·y is one number for each row; call it a. Then
  // Σ g·dy = (Σ g·dx − a·Σ y·dx)/s = Σ (g − a·y)/s·dx.
  const along = g.mul(y).sum({ axis: 1, keepDims: true }); // a [n, 1]
  // It has no part along y: a longer x has the same y, so the loss does not change in that direction.
  return g.sub(y.mul(along)).div(s);
}
