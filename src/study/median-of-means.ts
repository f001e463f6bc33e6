import { OptionError } from '../base/errors';

/**
 * The median of k = ⌈8·ln(1/δ)⌉ block means: an estimate of a mean whose error has a proven bound in the far tail from
 * the variance alone. A block mean is off by 2σ/√b or more with chance at most ¼ (Chebyshev, b draws a block), and half
 * of k blocks are so at once with chance at most exp(−k/8) ≤ δ (Hoeffding). A z-test makes no such promise: for skewed
 * samples it was seen to fire thousands of times too often at δ = 10⁻⁹.
 */
export interface MeanEstimate {
  /** The median of the block means. */
  readonly estimate: number;
  /** |estimate − mean| exceeds this with chance at most δ. */
  readonly bound: number;
}

/** Blocks that a false-alarm chance needs; also the smallest number of draws. */
export function blocksFor(falseAlarm: number): number {
  return Math.ceil(8 * Math.log(1 / falseAlarm));
}

/**
 * @param variance of one sample, or an upper bound of it
 * @throws OptionError `study/trials` when there are fewer samples than blocks
 */
export function medianOfMeans(samples: ArrayLike<number>, variance: number, falseAlarm: number): MeanEstimate {
  const blocks = blocksFor(falseAlarm);
  const size = Math.floor(samples.length / blocks);
  if (size === 0) throw tooFewTrials(samples.length, blocks, falseAlarm);
  const means = Array.from({ length: blocks }, (_, block) => {
    let sum = 0;
    for (let i = block * size; i < (block + 1) * size; i++) sum += samples[i] as number;
    return sum / size;
  }).sort((a, b) => a - b);
  const middle = blocks >> 1;
  const upper = means[middle] as number;
  const estimate = blocks % 2 === 1 ? upper : ((means[middle - 1] as number) + upper) / 2;
  return { estimate, bound: 2 * Math.sqrt(variance / size) };
}

export function tooFewTrials(given: number, needed: number, falseAlarm: number): OptionError {
  return new OptionError({
    code: 'study/trials',
    got: `a check with false-alarm chance ${falseAlarm} got ${given} trials`,
    expected: `at least ${needed}`,
    fix: 'raise the trials, or accept a larger false-alarm chance',
  });
}
