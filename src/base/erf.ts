/**
 * The error function 2/√π·∫₀ˣ exp(−t²) dt in float64. Near 0 by the series of Kummer, whose terms all have one sign:
 * 2/√π·exp(−x²)·Σ 2ⁿ·x²ⁿ⁺¹ / (1·3·5⋯(2n + 1)).
 * @see Abramowitz and Stegun, "Handbook of mathematical functions", 7.1.6.
 */
export function erf(x: number): number {
  if (!(Math.abs(x) < 2)) return Math.sign(x) * (1 - erfc(Math.abs(x)));
  let [term, sum] = [x, x];
  for (let n = 1; n < 60; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/**
 * 1 − erf(x). From 2 on without the cancellation, by the continued fraction exp(−x²)/√π / (x + ½/(x + 1/(x + 1½/(x + …)))).
 * @see Abramowitz and Stegun, 7.1.14.
 */
export function erfc(x: number): number {
  if (x < -2) return 2 - erfc(-x);
  if (x < 2) return 1 - erf(x);
  let fraction = x;
  for (let n = 60; n >= 1; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

/** The chance that a standard normal number is below x: ½·erfc(−x/√2). */
export function normalCdf(x: number): number {
  return 0.5 * erfc(-x * Math.SQRT1_2);
}
