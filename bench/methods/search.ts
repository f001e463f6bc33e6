import type { Run } from '../reproduce/claim';
import { leastOf, type Method, onSeeds, type Seeds, type Tuned, tried } from '../reproduce/tuned';
import type { BySeed } from '../reproduce/verdict';

/** A method with its rate, and all that was tried on the way. */
export interface Searched extends Tuned {
  /** Losses on the seed for tuning, by rate from the least to the largest. */
  readonly sweep: readonly Attempt[];
}

interface Attempt {
  readonly rate: number;
  /** null where the training diverged. */
  readonly loss: number | null;
}

/**
 * For each method the best rate of its grid, then the best of that one, half and twice of it, all on the seed for tuning;
 * with it the seeds that count. An edge is the least or the largest of all rates that were tried.
 */
export async function searched<J>(
  methods: readonly Method<J>[],
  { tuning, counted }: Seeds,
  run: Run<J, number | null>,
): Promise<Searched[]> {
  const coarse = await sweep(methods, tuning, run);
  const finer = methods.map((method, i): Method<J> => {
    const best = bestOf(coarse[i] as readonly Attempt[]);
    return { ...method, rates: best === null ? [] : [best / 2, best * 2] };
  });
  const fine = await sweep(finer, tuning, run);
  const sweeps = coarse.map((attempts, i) =>
    [...attempts, ...(fine[i] as readonly Attempt[])].sort((a, b) => a.rate - b.rate),
  );
  const chosen = methods.map((method, i) => {
    const attempts = sweeps[i] as readonly Attempt[];
    const rate = bestOf(attempts);
    return { method, rate, edge: rate !== null && (rate === attempts[0]?.rate || rate === attempts.at(-1)?.rate) };
  });
  const rows = await onSeeds(chosen, counted, run);
  return rows.map((row, i) => ({ ...row, sweep: sweeps[i] as readonly Attempt[] }));
}

async function sweep<J>(methods: readonly Method<J>[], seed: number, run: Run<J, number | null>): Promise<Attempt[][]> {
  const all: readonly BySeed[] = await tried(methods, seed, run);
  return methods.map(({ rates }, i) => rates.map((rate, at) => ({ rate, loss: all[i]?.[at] ?? null })));
}

function bestOf(attempts: readonly Attempt[]): number | null {
  const at = leastOf(attempts.map(({ loss }) => loss));
  return at === null ? null : (attempts[at]?.rate ?? null);
}
