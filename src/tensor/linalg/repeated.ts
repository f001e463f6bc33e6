import { runInScope } from '../scope';

/**
 * step(step(…step(start))), `times` of them. Each is a scope around the one before, so that no more than two of the values
 * in between are alive, and a derivative still finds what it needs.
 */
export function repeated<T>(where: string, times: number, start: T, step: (value: T) => T): T {
  if (times === 0) return start;
  return runInScope(where, () => step(repeated(where, times - 1, start, step)));
}
