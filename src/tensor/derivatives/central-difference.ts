/** A numeric derivative and what it may be off by. */
export interface Difference {
  readonly slope: number;
  /** Because the function is computed in float32. */
  readonly rounding: number;
  /** Difference of slope and of curvature between two step sizes: large at a kink, or for a random function. */
  readonly disagreement: number;
}

/**
 * The derivative of a smooth function of one float32 number from central differences D with steps h = scale/8,
 * scale/16, …: the first extrapolation (4·D(h/2) − D(h))/3 that is good `enough`, or else the best one.
 *
 * A bend D₊ − D₋ of the one-sided differences halves with h where the function is smooth; at a kink it stays. So a kink
 * shows even where central differences agree with each other.
 * @see Ridders, "Accurate computation of F′(x) and F′(x)F″(x)", Advances in Engineering Software 4(2), 1982.
 */
export async function centralDifference(
  f: (x: number) => Promise<number>,
  x: number,
  { base, magnitude, scale, enough }: { base: number; magnitude: number; scale: number; enough: number },
): Promise<Difference> {
  const errorOf = ({ rounding, disagreement }: Difference): number => rounding + disagreement;
  let best: Difference = { slope: Number.NaN, rounding: 0, disagreement: Infinity };
  let wide = await bothSides(f, x, scale / 8, base);
  for (let h = scale / 16; h >= scale / 4096 && errorOf(best) > enough; h /= 2) {
    const narrow = await bothSides(f, x, h, base);
    const slope = (4 * narrow.central - wide.central) / 3;
    const bending = Math.abs(narrow.bend - wide.bend / 2);
    // Each value may be off by some units in the last place of the terms it is a sum of.
    const rounding = (2 * 2 ** -22 * magnitude) / h;
    const disagreement = Math.abs(slope - narrow.central) + bending;
    const next = { slope, rounding, disagreement };
    if (errorOf(next) < errorOf(best)) best = next;
    wide = narrow;
  }
  return best;
}

async function bothSides(
  f: (x: number) => Promise<number>,
  x: number,
  h: number,
  base: number,
): Promise<{ central: number; bend: number }> {
  const [above, below] = [Math.fround(x + h), Math.fround(x - h)];
  const [high, low] = [await f(above), await f(below)];
  return {
    central: (high - low) / (above - below),
    bend: (high - base) / (above - x) - (base - low) / (x - below),
  };
}
