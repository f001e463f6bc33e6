export function leastInterval(mse: number, beta: number): number {
  // (1 + mse)·β^(2κ) < 1. The logarithm turns the product into a sum, and β < 1 has a negative one:
  // ln(1 + mse) < 2κ·ln(1/β), that is κ > ln(1 + mse)/(2·ln(1/β)).
  const bound = Math.log(1 + mse) / (2 * Math.log(1 / beta));
  // The least whole number above it. `ceil` would return the bound itself where that is whole, and there the factor is 1.
  return Math.max(1, Math.floor(bound) + 1);
}
