import type { Measured } from './outcome';

/** How long to measure. */
export interface Limits {
  /** Milliseconds that one sample should take at least: clocks of browsers are coarse, up to a millisecond. */
  readonly sample: number;
  /** Milliseconds after which no further sample is begun. */
  readonly budget: number;
  readonly fewest: number;
  readonly most: number;
}

export const usual: Limits = { sample: 20, budget: 700, fewest: 3, most: 15 };

/**
 * Milliseconds of one run, sample by sample. `run(n)` does the work n times and returns when all of it is done. How often a
 * sample repeats it is found while warming up.
 */
export async function timed(
  run: (repeats: number) => Promise<void> | void,
  now: () => number,
  limits: Limits = usual,
): Promise<number[]> {
  const took = async (repeats: number): Promise<number> => {
    const start = now();
    await run(repeats);
    return now() - start;
  };
  let repeats = 1;
  await took(1); // compiles, and brings operands to the device
  for (let time = await took(1); time < limits.sample && repeats < 4096; time = await took(repeats)) {
    // At most eightfold: a first run may be slower than the rest.
    repeats = Math.min(8 * repeats, Math.ceil((1.2 * limits.sample * repeats) / Math.max(time, 0.05)));
  }
  const samples: number[] = [];
  const start = now();
  while (samples.length < limits.fewest || (samples.length < limits.most && now() - start < limits.budget))
    samples.push((await took(repeats)) / repeats);
  return samples;
}

/** Times of one run in milliseconds → what is done in a second, where one run does `work`. */
export function rates(milliseconds: readonly number[], work: number): Measured {
  const sorted = milliseconds.map((time) => work / (time / 1000)).sort((a, b) => a - b);
  const at = (i: number): number => sorted[i] as number;
  const half = sorted.length >> 1;
  return {
    kind: 'measured',
    median: sorted.length % 2 === 1 ? at(half) : (at(half - 1) + at(half)) / 2,
    least: at(0),
    largest: at(sorted.length - 1),
    samples: sorted.length,
  };
}
