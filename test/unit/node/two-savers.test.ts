import { describe, expect, it } from 'vitest';
import { philox } from '../../../src/base/philox';
import type { FileError } from '../../../src/index';
import { saveCheckpointOn } from '../../../src/node/checkpoint';
import type { Disk, OpenFile, ReadableFile } from '../../../src/node/disk';
import { choice, folder, held, nth } from './numbered';
import { SimulatedDisk } from './simulated-disk';

/** One process: its calls reach the disk when it is its turn. */
type Process = { readonly done: Promise<unknown>; finished: boolean; readonly turn: () => Promise<void> };

/** A save by a process of its own, which knows nothing of the other's queue, one call to the disk a turn. */
function processThatSaves(disk: SimulatedDisk, n: number, onSaved: (n: number) => void): Process {
  let go: (() => void) | null = null;
  let waiting: () => void = () => {};
  let reached = new Promise<void>((resolve) => {
    waiting = resolve;
  });
  const gated =
    <A extends unknown[], T>(call: (...given: A) => Promise<T>) =>
    async (...given: A): Promise<T> => {
      await new Promise<void>((resolve) => {
        go = resolve;
        waiting();
      });
      return call(...given);
    };
  const gatedFile = <F extends OpenFile | ReadableFile>(file: F): F => {
    const calls = Object.entries(file).map(([name, x]) => [name, typeof x === 'function' ? gated(x as never) : x]);
    return Object.fromEntries(calls) as F;
  };
  const own: Disk = {
    open: gated(async (path, how) => gatedFile(await disk.open(path, how))),
    openToRead: gated(async (path) => gatedFile(await disk.openToRead(path))),
    rename: gated((from, to) => disk.rename(from, to)),
    remove: gated((path) => disk.remove(path)),
    makeFolder: gated((path) => disk.makeFolder(path)),
    list: gated((path) => disk.list(path)),
    realPath: gated((path) => disk.realPath(path)),
  };
  const process = {
    finished: false,
    done: saveCheckpointOn(own, folder, nth(n)).then(
      () => onSaved(n),
      (error: unknown) => error,
    ),
    async turn() {
      await Promise.race([reached, process.done]);
      if (process.finished) return;
      reached = new Promise<void>((resolve) => {
        waiting = resolve;
      });
      go?.();
      await Promise.race([reached, process.done]);
    },
  };
  void process.done.then(() => {
    process.finished = true;
  });
  return process;
}

/** Two saves at once, in the order of `who`; what was reported as saved, the errors, and the disk after each call. */
async function interleaved(who: (call: number) => 0 | 1, stopAfter = Infinity) {
  const disk = new SimulatedDisk();
  await saveCheckpointOn(disk, folder, nth(1));
  const saved: number[] = [];
  const processes = [9, 10].map((n) => processThatSaves(disk, n, (n) => saved.push(n))) as [Process, Process];
  let calls = 0;
  for (; calls < stopAfter && !processes.every(({ finished }) => finished); calls++) {
    const [first, second] = who(calls) === 0 ? processes : ([processes[1], processes[0]] as const);
    await (first.finished ? second : first).turn();
  }
  const errors = Number.isFinite(stopAfter) ? [] : await Promise.all(processes.map(({ done }) => done));
  return { disk, saved, calls, errors: errors.filter((error) => error instanceof Error) };
}

/** The first process makes i calls, then the second j, then the first to its end, then the second. */
const twoSwitches =
  (i: number, j: number) =>
  (call: number): 0 | 1 =>
    call < i ? 0 : call < i + j ? 1 : 0;

/** Turns are drawn. */
function drawn(seed: number): (call: number) => 0 | 1 {
  const words = new Uint32Array(4);
  return (call) => {
    philox([seed, 3], call, 0, 0, 0, words);
    return ((words[0] as number) & 1) as 0 | 1;
  };
}

const schedules = [
  ...Array.from({ length: 26 * 9 }, (_, at) => {
    const [i, j] = [Math.floor(at / 9), (at % 9) * 3 + (Math.floor(at / 9) % 3)];
    return [`${i}, then ${j}`, twoSwitches(i, j)] as const;
  }),
  ...Array.from({ length: 100 }, (_, seed) => [`drawn with seed ${seed}`, drawn(seed)] as const),
];

describe('two processes that save into one folder', () => {
  it('leave the checkpoint of one that reported success, and the other one is told', async () => {
    const seen = { both: 0, one: 0 };
    for (const [name, who] of schedules) {
      const { disk, saved, errors } = await interleaved(who);
      expect(saved.length, name).toBeGreaterThan(0);
      expect(saved.length + errors.length, name).toBe(2);
      for (const error of errors) expect((error as FileError).code, name).toBe('checkpoint/superseded');
      expect(saved, name).toContain(await held(disk));
      expect((await disk.list(folder)).length, name).toBe(3);
      seen[saved.length === 2 ? 'both' : 'one']++;
    }
    expect(seen.both).toBeGreaterThan(10);
    expect(seen.one).toBeGreaterThan(100);
  });

  it.each(['kill', 'power'] as const)('leave a whole checkpoint after a %s of both at any call', async (loss) => {
    const outcomes = new Set<number>();
    for (const [at, [name, who]] of schedules.entries()) {
      const stop = 4 + ((at * 29) % 50); // every call of the two comes up for several schedules
      const { disk, saved } = await interleaved(who, stop);
      const next = disk.restarted(loss, choice(at));
      const found = await held(next);
      if (saved.length === 1) expect([...saved, 9, 10], `${name}, ${stop} calls`).toContain(found);
      if (saved.length > 0) expect(found, `${name}, ${stop} calls`).not.toBe(1);
      outcomes.add(found);
      await saveCheckpointOn(next, folder, nth(11));
      expect(await held(next)).toBe(11);
      expect((await next.list(folder)).length).toBe(3);
    }
    expect(outcomes).toEqual(new Set([1, 9, 10]));
  });
});
