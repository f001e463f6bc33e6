/** A value, or a promise of one. */
export type Later<T> = T | Promise<T>;

/** It comes later. */
export function isPromise<T>(value: Later<T>): value is Promise<T> {
  return value instanceof Promise;
}

/**
 * First in, first out: operations, reads and deletions of one device, in the order of the program. A job runs at once
 * when nothing is pending, so that a device which answers at once (GL) never makes anyone wait. One that answers later
 * (WebGPU) starts the queue, and what comes behind waits for it: a deletion that overtook an operation which still
 * wants its operand would give wrong numbers without a word.
 */
export class GpuQueue {
  /** Resolves when all jobs so far have ended, well or not; null: nothing is pending. */
  private tail: Promise<void> | null = null;
  /** The first error that a job threw after the call that queued it had returned. */
  private failure: { readonly error: unknown } | null = null;
  /** The last error that a caller has received; failures that follow from it say nothing new. */
  private known: unknown;

  /** Runs the job when all before it have ended. @throws what an immediate job throws */
  run<T>(job: () => Later<T>): Later<T> {
    if (this.tail !== null) return this.follow(this.tail.then(job));
    const result = job();
    return isPromise(result) ? this.follow(result) : result;
  }

  /** @throws the error of an earlier job that no caller has received yet; once */
  check(): void {
    const { failure } = this;
    this.failure = null;
    if (failure === null) return;
    this.known = failure.error;
    throw failure.error;
  }

  /** Notes that a caller has received this error. */
  seen(error: unknown): void {
    this.known = error;
    if (this.failure?.error === error) this.failure = null;
  }

  /** Resolves when everything asked for so far has run. */
  async settled(): Promise<void> {
    while (this.tail !== null) await this.tail;
    this.check();
  }

  private follow<T>(result: Promise<T>): Promise<T> {
    const ended = result.then(
      () => {},
      (error: unknown) => {
        if (error !== this.known) this.failure ??= { error };
      },
    );
    this.tail = ended;
    void ended.then(() => {
      if (this.tail === ended) this.tail = null;
    });
    return result;
  }
}
