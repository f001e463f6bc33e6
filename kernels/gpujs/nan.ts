/**
 * 1 for NaN, 0 for all others. WGSL compilers take `x != x` for false, so x is compared with the two ends of the range:
 * only NaN is neither below the one nor above the other.
 */
export const isNan = /* js */ `
function isNan(x) {
  let nan = 1;
  if (x <= 3e38) { nan = 0; }
  if (x >= -3e38) { nan = 0; }
  return nan;
}`;
