/** Draws whose mean says where a round trip is off the most. */
export const searchDraws = 200;

/**
 * The mean of Ĝ − gain·G over draws that no test sees, and that no variance is measured on: trials from `first` downward.
 * Shapes: values of n·m → n·m values.
 */
export async function meanOff(
  values: ArrayLike<number>,
  gain: number,
  draw: (trial: number) => Promise<ArrayLike<number>>,
  first: number,
): Promise<Float64Array> {
  const off = new Float64Array(values.length);
  for (let i = 0; i < searchDraws; i++) {
    const lifted = await draw(first - i);
    for (let at = 0; at < off.length; at++)
      (off[at] as number) += ((lifted[at] as number) - gain * (values[at] as number)) / searchDraws;
  }
  return off;
}
