import { describe, expect, it } from 'vitest';
import { GpuQueue } from '../../../../src/backend/gpu/queue';

// A device that answers when the test says so.

interface Answer<T> {
  readonly promise: Promise<T>;
  give(value: T): void;
  fail(error: unknown): void;
}
function answer<T = void>(): Answer<T> {
  const made = {} as { give: (value: T) => void; fail: (error: unknown) => void };
  const promise = new Promise<T>((resolve, reject) => Object.assign(made, { give: resolve, fail: reject }));
  return { promise, give: (value) => made.give(value), fail: (error) => made.fail(error) };
}
/** All that can go on without another answer has gone on. */
const quiet = (): Promise<void> => new Promise((resume) => setTimeout(resume, 0));

describe('a queue', () => {
  it('runs jobs at once while nothing is pending, and returns what they return', () => {
    const queue = new GpuQueue();
    const log: string[] = [];
    expect(queue.run(() => log.push('a'))).toBe(1);
    expect(queue.run(() => log.push('b'))).toBe(2);
    expect(() =>
      queue.run(() => {
        throw new Error('at once');
      }),
    ).toThrow('at once');
    expect(queue.run(() => log.push('c'))).toBe(3);
    queue.check(); // the caller has received the error
  });

  it('starts no job before all before it have ended, however late they answer', async () => {
    const queue = new GpuQueue();
    const log: string[] = [];
    const [first, third] = [answer(), answer<number>()];
    const results = [
      queue.run(() => {
        log.push('first starts');
        return first.promise.then(() => void log.push('first ends'));
      }),
      queue.run(() => void log.push('second')),
      queue.run(() => {
        log.push('third starts');
        return third.promise;
      }),
      queue.run(() => log.push('fourth')),
    ];
    await quiet();
    expect(log).toEqual(['first starts']);
    first.give();
    await quiet();
    expect(log).toEqual(['first starts', 'first ends', 'second', 'third starts']);
    const late = queue.run(() => void log.push('fifth'));
    await quiet();
    expect(log).toHaveLength(4);
    third.give(7);
    expect(await results[2]).toBe(7);
    expect(await results[3]).toBe(5);
    await late;
    expect(log.slice(4)).toEqual(['fourth', 'fifth']);
    await quiet();
    expect(queue.run(() => 'at once again')).toBe('at once again');
  });

  it('is settled when what was asked for meanwhile has run as well', async () => {
    const queue = new GpuQueue();
    const [first, second] = [answer(), answer()];
    let settled = false;
    void queue.run(() => first.promise);
    const all = queue.settled().then(() => {
      settled = true;
    });
    void queue.run(() => second.promise);
    first.give();
    await quiet();
    expect(settled).toBe(false);
    second.give();
    await all;
    await queue.settled();
  });

  it('goes on after a failure, and says it once, with the first error', async () => {
    const queue = new GpuQueue();
    const log: string[] = [];
    const [first, second] = [answer(), answer()];
    const failed = [queue.run(() => first.promise), queue.run(() => second.promise)] as Promise<void>[];
    const caught = failed.map((result) => result.catch((error: Error) => error.message));
    const after = queue.run(() => void log.push('after'));
    first.fail(new Error('first'));
    second.fail(new Error('second'));
    expect(await Promise.all(caught)).toEqual(['first', 'second']);
    await after;
    expect(log).toEqual(['after']);
    expect(() => queue.check()).toThrow('first');
    queue.check();
    await queue.settled();
  });

  it('says nothing of an error that a caller has received, before or after it arrived', async () => {
    for (const before of [true, false]) {
      const queue = new GpuQueue();
      const job = answer();
      const error = new Error('known');
      const result = queue.run(() => job.promise) as Promise<void>;
      const caught = result.catch(() => {});
      if (before) queue.seen(error);
      job.fail(error);
      await caught;
      await quiet();
      if (!before) queue.seen(error);
      queue.check();
      await queue.settled();
    }
  });

  it('throws from settled what no caller has received', async () => {
    const queue = new GpuQueue();
    const job = answer();
    const result = queue.run(() => job.promise) as Promise<void>;
    result.catch(() => {});
    job.fail(new Error('unseen'));
    await expect(queue.settled()).rejects.toThrow('unseen');
    await queue.settled();
  });
});
