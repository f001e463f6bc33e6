import type { Disk } from './disk';

/** The last work that was given to each disk under a name; who comes next waits for it. */
const last = new WeakMap<Disk, Map<string, Promise<unknown>>>();

/** Do work when all that this process was given before under that name is done, well or not. */
export function inOrder<T>(disk: Disk, name: string, work: () => Promise<T>): Promise<T> {
  const queue = last.get(disk) ?? new Map<string, Promise<unknown>>();
  last.set(disk, queue);
  const done = (queue.get(name) ?? Promise.resolve()).then(work);
  const settled = done
    .catch(() => {})
    .then(() => {
      if (queue.get(name) === settled) queue.delete(name);
    });
  queue.set(name, settled);
  return done;
}
