import type { Workers } from './workers';

/** Work that needs no other work, by kind; jobs and results go between processes as JSON. */
type Kinds<J> = { readonly [K in keyof J]: { readonly job: unknown; readonly result: unknown } };

/** Results of jobs of a kind, in their order. */
export type Ask<J extends Kinds<J>> = <K extends keyof J & string>(
  kind: K,
  jobs: readonly J[K]['job'][],
) => Promise<readonly J[K]['result'][]>;

/** How a process does the jobs of each kind. */
export type Perform<J extends Kinds<J>> = {
  readonly [K in keyof J]: (job: J[K]['job']) => J[K]['result'] | Promise<J[K]['result']>;
};

/** The jobs as processes have them. */
export function performerOf<J extends Kinds<J>>(name: string, perform: Perform<J>) {
  return {
    name,
    async perform(text: string): Promise<string> {
      const [kind, job] = JSON.parse(text) as [keyof J, never];
      return JSON.stringify(await perform[kind](job));
    },
  };
}

interface Asking<J> {
  /** The name of the performer. */
  readonly name: string;
  /** Kinds whose jobs go to a process that has done nothing else, one after the other. */
  readonly alone?: readonly (keyof J & string)[];
  /** Called after each job that is not alone. */
  onDone(kind: keyof J & string, done: number, jobs: number): void;
  /** A process for one job. */
  inNewProcess?(text: string): Promise<string>;
}

/** Ask processes. */
export function asking<J extends Kinds<J>>(
  workers: Workers,
  { name, alone = [], onDone, inNewProcess }: Asking<J>,
): Ask<J> {
  return async <K extends keyof J & string>(kind: K, jobs: readonly J[K]['job'][]): Promise<J[K]['result'][]> => {
    let done = 0;
    const tell = (): void => onDone(kind, ++done, jobs.length);
    const texts = jobs.map((job) => JSON.stringify([kind, job]));
    const results: string[] = [];
    if (inNewProcess && alone.includes(kind)) for (const text of texts) results.push(await inNewProcess(text));
    else results.push(...(await workers.run(name, texts, tell)));
    return results.map((text): J[K]['result'] => JSON.parse(text));
  };
}
