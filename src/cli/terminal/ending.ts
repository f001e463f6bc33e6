import { constants } from 'node:os';

/** What must happen before the process ends early: by a signal, or because nothing can be written any more. */
type Work = () => unknown;

const works = new Set<Work>();
let ending = false;
let listening = false;

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Do this before an early end; the function that comes back takes it off the list. From the first work on the process
 * listens to signals for good: to stop listening loses a signal that has arrived and is not heard yet. So
 * what computes for long must `breathe`; before the first work the system ends the process by itself.
 */
export function beforeEnd(work: Work): () => void {
  if (!listening) for (const signal of signals) process.on(signal, interrupted);
  listening = true;
  works.add(work);
  return () => {
    works.delete(work);
  };
}

/** Write files with nothing left half done: an early end waits for it, and begins nothing more. */
export async function undivided<T>(work: () => Promise<T>): Promise<T> {
  if (ending) return new Promise(() => {}); // the end comes before anything could go on
  let done: Promise<unknown> = Promise.resolve();
  const off = beforeEnd(() => done.catch(() => {})); // who waits for the work hears of its error
  try {
    const working = work();
    done = working;
    return await working;
  } finally {
    off();
  }
}

/** End the process, after what must happen first; the second call does not wait for that. */
export async function end(status: number): Promise<void> {
  if (ending) process.exit(status);
  ending = true;
  const patience = setTimeout(() => process.exit(status), 10_000); // a disk that does not answer
  for (const work of [...works].reverse()) await work();
  clearTimeout(patience);
  process.exit(status);
}

function interrupted(signal: NodeJS.Signals): void {
  void end(128 + constants.signals[signal]);
}
