/**
 * P(|T| ≤ t) for Student's t with a whole number of degrees of freedom ν: with θ = atan(t/√ν), a finite sum of powers of
 * cos θ.
 * @see Abramowitz and Stegun, "Handbook of mathematical functions", 26.7.3 and 26.7.4.
 */
function within(t: number, degrees: number): number {
  const theta = Math.atan(t / Math.sqrt(degrees));
  const [sin, cos] = [Math.sin(theta), Math.cos(theta)];
  const odd = degrees % 2 === 1;
  let term = odd ? cos : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= ((k - 1) / k) * cos * cos;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (theta + sin * sum) : sin * sum;
}

/** t with P(|T| ≤ t) = 0.95, the factor of a two-sided 95 % interval: 12.7 for 1 degree of freedom, 1.96 in the limit. */
export function studentFactor(degrees: number): number {
  let [low, high] = [0, 16];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (within(middle, degrees) < 0.95) low = middle;
    else high = middle;
  }
  return high;
}
