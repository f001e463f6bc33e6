import { constants } from 'node:os';

/** What must happen before the process ends early: by a signal, or because nothing can be written any more. */
type Work = () => unknown;

const works = new Set<Work>();
let ending = false;

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Do this before an early end; the function that comes back takes it off the list. Signals are listened to only while
 * there is something to do: a process that does nothing but compute would not hear them, and is ended by the system.
 */
export function beforeEnd(work: Work): () => void {
  if (works.size === 0) for (const signal of signals) process.on(signal, interrupted);
  works.add(work);
  return () => {
    works.delete(work);
    if (works.size === 0) for (const signal of signals) process.removeListener(signal, interrupted);
  };
}

/** Write files with nothing left half done: an early end waits for it, and begins nothing more. */
export async function undivided<T>(work: () => Promise<T>): Promise<T> {
  if (ending) return new Promise(() => {}); // the end comes before anything could go on
  const done = work();
  const off = beforeEnd(() => done.catch(() => {})); // who waits for the work hears of its error
  try {
    return await done;
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
