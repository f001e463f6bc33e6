/**
 * 1 for NaN, 0 for all others. Compilers of WGSL take `x != x` for false; those of GLSL take "not below" for "above", which
 * is wrong of NaN. So both are asked: neither ever says NaN of a number.
 */
export const isNan = /* js */ `
function isNan(x) {
  let nan = 1;
  if (x <= 3e38) { nan = 0; }
  if (x >= -3e38) { nan = 0; }
  if (x != x) { nan = 1; }
  return nan;
}`;
