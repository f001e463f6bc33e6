/** Draws that measure a variance that is not derived. */
export const pilotDraws = 400;

/** A measured variance is too small by more than this with an unknown chance: the level is approximate. */
export const pilotMargin = 2;

/** Unbiased sample variance. */
export function variance(samples: ArrayLike<number>): number {
  const list = Array.from(samples);
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  return list.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (list.length - 1);
}
