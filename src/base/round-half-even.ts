/** The nearest whole number; of two that are as near, the even one, as Python rounds. */
export function roundHalfEven(x: number): number {
  return x % 1 === 0.5 ? 2 * Math.round(x / 2) : Math.round(x);
}
