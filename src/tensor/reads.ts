import type { Value } from './value';

/** Told of the values that ops read, recorded or not. */
let listening: ((value: Value) => void) | null = null;

/** Tell `listener` of every value that an op reads while `fn` runs; listeners further out are told as well. */
export function whileReading<T>(listener: (value: Value) => void, fn: () => T): T {
  const outer = listening;
  listening = outer
    ? (value) => {
        outer(value);
        listener(value);
      }
    : listener;
  try {
    return fn();
  } finally {
    listening = outer;
  }
}

export function noteRead(value: Value): void {
  if (listening !== null) listening(value);
}
