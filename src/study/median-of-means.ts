import { OptionError } from '../base/errors';
import { checkArgument, kindOf, number, refuseExtra } from '../base/options';

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

const samplesKind = kindOf<ArrayLike<number>>('an array of numbers', (value) => {
  const list = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
  return list && Array.prototype.every.call(value, (x: unknown) => typeof x === 'number');
});

/**
 * @param variance of one sample, or an upper bound of it
 * @throws OptionError `study/trials` when there are fewer samples than blocks
 */
export function medianOfMeans(samples: ArrayLike<number>, variance: number, falseAlarm: number): MeanEstimate {
  if (arguments.length > 3) refuseExtra('medianOfMeans', arguments, 3);
  checkArgument('medianOfMeans', 'samples', samplesKind, samples);
  checkArgument('medianOfMeans', 'variance', number({ low: 0, high: Infinity }), variance);
  checkArgument('medianOfMeans', 'falseAlarm', number({ low: Number.MIN_VALUE, high: 1 - 2 ** -53 }), falseAlarm);
  const blocks = blocksFor(falseAlarm);
  const size = Math.floor(samples.length / blocks);
  if (size === 0) throw tooFewTrials('medianOfMeans', samples.length, blocks, falseAlarm);
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

export function tooFewTrials(where: string, given: number, needed: number, falseAlarm: number): OptionError {
  return new OptionError({
    code: 'study/trials',
    got: `${where} got ${given} trials for a false-alarm chance of ${falseAlarm}`,
    expected: `at least ${needed}`,
    fix: 'raise the trials, or accept a larger false-alarm chance',
  });
}
