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

/** Choose a rate for each method alone, then train with it on every seed that counts. A single rate needs no choice. */
export async function tuned<J>(
  methods: readonly Method<J>[],
  { tuning, counted }: Seeds,
  run: Run<J, number | null>,
): Promise<Tuned[]> {
  const tries = methods.flatMap(({ rates, job }) => (rates.length > 1 ? rates.map((rate) => job(rate, tuning)) : []));
  const tried = [...(await run(tries))];
  const chosen = methods.map((method) => {
    if (method.rates.length === 1) return { method, at: 0, rate: method.rates[0] as number };
    const losses = tried.splice(0, method.rates.length).map((loss) => loss ?? Infinity);
    const least = Math.min(...losses);
    const at = losses.indexOf(least);
    return { method, at, rate: least < Infinity ? (method.rates[at] as number) : null };
  });
  const jobs = chosen.flatMap(({ method, rate }) =>
    rate === null ? [] : counted.map((seed) => method.job(rate, seed)),
  );
  const results = [...(await run(jobs))];
  return chosen.map(({ method: { name, rates }, at, rate }) => ({
    name,
    rate,
    edge: rate !== null && rates.length > 1 && (at === 0 || at === rates.length - 1),
    losses: rate === null ? counted.map(() => null) : results.splice(0, counted.length),
  }));
}
