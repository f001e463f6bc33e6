import { type ChildProcess, fork } from 'node:child_process';
import { setBackend, wasmBackend } from '../../src/index';
import type { Claim } from './claim';

/** What has jobs. */
type Performer = Pick<Claim, 'name' | 'perform'>;

interface Order {
  readonly claim: string;
  readonly job: string;
}
type Answer = { readonly result: string } | { readonly failure: string };

interface Waiting extends Order {
  done(result: string): void;
  failed(error: Error): void;
}

/** Processes that each compute on one thread: results do not depend on how many there are. */
export class Workers {
  readonly #idle: ChildProcess[];
  readonly #all: readonly ChildProcess[];
  readonly #queue: Waiting[] = [];

  constructor(count: number) {
    this.#all = Array.from({ length: count }, () =>
      fork(process.argv[1] as string, { env: { ...process.env, REPRODUCE_WORKER: '1' } }),
    );
    this.#idle = [...this.#all];
  }

  /** The results of jobs of a claim, in their order; `onDone` is called after each. */
  run(claim: string, jobs: readonly string[], onDone: () => void): Promise<string[]> {
    return Promise.all(
      jobs.map(
        (job) =>
          new Promise<string>((resolve, reject) => {
            const done = (result: string): void => {
              onDone();
              resolve(result);
            };
            this.#queue.push({ claim, job, done, failed: reject });
            this.#next();
          }),
      ),
    );
  }

  stop(): void {
    for (const child of this.#all) child.kill();
  }

  #next(): void {
    const child = this.#queue.length > 0 ? this.#idle.pop() : undefined;
    if (!child) return;
    const { done, failed, ...order } = this.#queue.shift() as Waiting;
    const ended = (code: number | null): void => failed(new Error(`a worker ended with ${code} in ${order.claim}`));
    child.once('exit', ended);
    child.once('message', (answer: Answer) => {
      child.off('exit', ended);
      this.#idle.push(child);
      if ('failure' in answer) failed(new Error(`${order.claim}, ${order.job}: ${answer.failure}`));
      else done(answer.result);
      this.#next();
    });
    child.send(order);
  }
}

/** What a worker does until the program lets go of it. */
export function work(performers: readonly Performer[]): void {
  setBackend(wasmBackend({ build: 'baseline' }));
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ claim, job }: Order) => {
    let answer: Answer;
    try {
      const chosen = performers.find(({ name }) => name === claim) as Performer;
      answer = { result: await chosen.perform(job) };
    } catch (error) {
      answer = { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    process.send?.(answer);
  });
}
