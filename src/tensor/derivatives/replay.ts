let depth = 0;

/** Run a part of a forward pass again: what it does beside its result has been done the first time. */
export function replaying<T>(fn: () => T): T {
  depth++;
  try {
    return fn();
  } finally {
    depth--;
  }
}

/** Whether a part of a forward pass is being run again, by `remat` or for a second derivative of `customVjp`. */
export function isReplaying(): boolean {
  return depth > 0;
}
