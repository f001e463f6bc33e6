import type { Run } from './claim';
import type { BySeed } from './verdict';

/** What is compared: its grid of learning rates, and the training of one rate and one seed. */
export interface Method<J> {
  readonly name: string;
  readonly rates: readonly number[];
  job(rate: number, seed: number): J;
}

/** A method with the rate that was best on the seed for tuning. */
export interface Tuned {
  readonly name: string;
  /** null where every rate diverged. */
  readonly rate: number | null;
  /** The rate is the least or the largest of its grid. */
  readonly edge: boolean;
  /** On the seeds that count. */
  readonly losses: BySeed;
}

/** On which seeds. */
export interface Seeds {
  /** The one that learning rates are chosen on; it does not count. */
  readonly tuning: number;
  readonly counted: readonly number[];
}

/** Losses of every rate of every method on one seed. */
export async function tried<J>(
  methods: readonly Method<J>[],
  seed: number,
  run: Run<J, number | null>,
): Promise<BySeed[]> {
  const results = [...(await run(methods.flatMap(({ rates, job }) => rates.map((rate) => job(rate, seed)))))];
  return methods.map(({ rates }) => results.splice(0, rates.length));
}

/** Which of these losses is the least; null where all diverged. */
export function leastOf(losses: BySeed): number | null {
  const numbers = losses.map((loss) => loss ?? Infinity);
  const least = Math.min(...numbers);
  return least < Infinity ? numbers.indexOf(least) : null;
}

/** Choose a rate for each method alone, then train with it on every seed that counts. A single rate needs no choice. */
export async function tuned<J>(
  methods: readonly Method<J>[],
  { tuning, counted }: Seeds,
  run: Run<J, number | null>,
): Promise<Tuned[]> {
  const choices = await tried(
    methods.filter(({ rates }) => rates.length > 1),
    tuning,
    run,
  );
  const chosen = methods.map((method) => {
    const { rates } = method;
    const at = rates.length === 1 ? 0 : leastOf(choices.shift() as BySeed);
    const edge = at !== null && rates.length > 1 && (at === 0 || at === rates.length - 1);
    return { method, rate: at === null ? null : (rates[at] as number), edge };
  });
  return onSeeds(chosen, counted, run);
}

/** Train each method with its rate on every seed. */
export async function onSeeds<J>(
  chosen: readonly (Pick<Tuned, 'rate' | 'edge'> & { readonly method: Method<J> })[],
  counted: readonly number[],
  run: Run<J, number | null>,
): Promise<Tuned[]> {
  const jobs = chosen.flatMap(({ method, rate }) =>
    rate === null ? [] : counted.map((seed) => method.job(rate, seed)),
  );
  const results = [...(await run(jobs))];
  return chosen.map(({ method: { name }, rate, edge }) => ({
    name,
    rate,
    edge,
    losses: rate === null ? counted.map(() => null) : results.splice(0, counted.length),
  }));
}
