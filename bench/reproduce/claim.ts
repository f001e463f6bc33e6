import type { Verdict } from './verdict';

/** One sentence that a paper says, or that its method rests on, and what was found of it. */
export interface Part {
  /** A sentence that can be false. */
  readonly statement: string;
  readonly verdict: Verdict;
  /** The number that decides, with its interval. */
  readonly because: string;
}

/** What a claim comes to. */
export interface Finding {
  readonly parts: readonly Part[];
  /** Task, gate, grid and seeds: lines of Markdown. */
  readonly setting: readonly string[];
  /** Lines of Markdown. */
  readonly table: readonly string[];
}

/** Runs jobs, whichever process has time, and returns their results in the order of the jobs. */
export type Run<J, R> = (jobs: readonly J[]) => Promise<readonly R[]>;

/**
 * A claim, measured. Everything random follows from its setting. A job is a training or another piece of work that needs
 * no other piece: jobs and results go between processes as JSON, which has neither Infinity nor NaN.
 */
export interface ClaimOf<S, J, R> {
  /** For `--only`, and in the page. */
  readonly name: string;
  /** A heading. */
  readonly title: string;
  /** Paper, and section, theorem or equation. */
  readonly source: string;
  /** A few seconds: `--slice` runs it as it is. */
  readonly quick: boolean;
  /** What the page is made with; tests take a smaller one. */
  readonly setting: S;
  perform(job: J): Promise<R> | R;
  measure(setting: S, run: Run<J, R>): Promise<Finding>;
}

/** A claim whose jobs and results are texts, as the program sees it. */
export interface Claim extends Pick<ClaimOf<unknown, unknown, unknown>, 'name' | 'title' | 'source' | 'quick'> {
  perform(job: string): Promise<string>;
  find(run: Run<string, string>): Promise<Finding>;
}

export function claim<S, J, R>({ setting, perform, measure, ...about }: ClaimOf<S, J, R>): Claim {
  return {
    ...about,
    perform: async (text) => {
      const job: J = JSON.parse(text);
      return JSON.stringify(await perform(job));
    },
    find: (run) =>
      measure(setting, async (jobs) => {
        const results = await run(jobs.map((job) => JSON.stringify(job)));
        return results.map((text): R => JSON.parse(text));
      }),
  };
}
