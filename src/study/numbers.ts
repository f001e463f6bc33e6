/** Numbers as people read them. */

/** Four significant digits, without an exponent where that stays readable. */
export const significant = (x: number): string => String(Number(x.toPrecision(4)));

/** A part of a whole, with one decimal. */
export function percent(fraction: number): string {
  const digits = Math.abs(100 * fraction).toFixed(1);
  return `${fraction < 0 && digits !== '0.0' ? '−' : ''}${digits} %`;
}

/** A mean and its standard error, which is left out where rounding hides it. */
export function withError(mean: number, standardError: number): string {
  const hidden = !(standardError > 1e-5 * Math.abs(mean));
  return hidden ? significant(mean) : `${significant(mean)} ± ${Number(standardError.toPrecision(2))}`;
}

/** The mean of samples, and its standard error: the standard deviation of the samples over √n. */
export function meanAndError(samples: ArrayLike<number>): { readonly mean: number; readonly standardError: number } {
  const list = Array.from(samples);
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  const squares = list.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, standardError: list.length > 1 ? Math.sqrt(squares / (list.length - 1) / list.length) : 0 };
}
