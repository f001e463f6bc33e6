import { clearImmediate, setImmediate } from 'node:timers'; // not the globals, which a test takes away
import { afterEach, describe, expect, it, vi } from 'vitest';
import { yieldingBy } from '../../../src/base/yield-to-event-loop';
import { sgd, tensor, trainer, yieldToEventLoop } from '../../../src/index';

/** Counts the turns of the event loop from now until `stop`. */
function countTurns(): { readonly turns: number; stop(): void } {
  let turns = 0;
  let timer = setImmediate(function again() {
    turns++;
    timer = setImmediate(again);
  });
  return {
    get turns() {
      return turns;
    },
    stop: () => clearImmediate(timer),
  };
}

/** A clock that the test moves, and the turns that were asked for. */
function byHand() {
  let time = 0;
  let asked = 0;
  const pause = yieldingBy(
    () => time,
    () => new Promise((resume) => setImmediate(resume)).then(() => void asked++),
  );
  return {
    pause,
    at(now: number) {
      time = now;
      return pause;
    },
    get asked() {
      return asked;
    },
  };
}

const training = () => {
  const w = tensor([1, 2]);
  return trainer({ params: { w }, transform: sgd({ learningRate: 0.1 }), loss: () => w.square().sum(), seed: 0 });
};

describe('yieldToEventLoop', () => {
  it('a loop without it gives the event loop no turn at all', async () => {
    const run = training();
    const counter = countTurns();
    for (let step = 0; step < 50; step++) await run.step(undefined).loss;
    expect(counter.turns).toBe(0);
    counter.stop();
  });

  it('with it there is a turn whenever the time is used up, and none before', async () => {
    const run = training();
    const clock = byHand();
    await clock.at(0)();
    expect(clock.asked).toBe(1); // how long the program has been busy is not known
    const counter = countTurns();
    const turns: number[] = [];
    for (let step = 1; step <= 50; step++) {
      await run.step(undefined).loss;
      await clock.at(3 * step)(); // three milliseconds a step: 16 are over after 6 steps, again after 12 …
      turns.push(counter.turns);
    }
    counter.stop();
    expect(clock.asked - 1).toBe(8);
    expect(turns[4]).toBe(0);
    expect(turns[5]).toBeGreaterThan(0);
    expect(turns.at(-1)).toBeGreaterThanOrEqual(8);
  });

  it('takes the time as an option', async () => {
    const clock = byHand();
    await clock.at(0)();
    await clock.at(99)({ every: 100 });
    expect(clock.asked).toBe(1);
    await clock.at(100)({ every: 100 });
    expect(clock.asked).toBe(2);
    for (let i = 0; i < 3; i++) await clock.pause({ every: 0 });
    expect(clock.asked).toBe(5);
  });

  it('makes no promise where there is nothing to wait for', async () => {
    const clock = byHand();
    await clock.at(0)();
    const first = clock.at(1)();
    expect(clock.at(15)()).toBe(first);
    expect(clock.at(16)()).not.toBe(first);
  });

  it('counts from the end of a turn, which may take long', async () => {
    const clock = byHand();
    const turn = clock.at(0)();
    clock.at(1000);
    await turn;
    await clock.at(1015)();
    expect(clock.asked).toBe(1);
  });

  it('refuses what is no time', () => {
    expect(() => yieldToEventLoop({ every: -1 })).toThrow(/options\/range.*yieldToEventLoop/);
    expect(() => yieldToEventLoop({ evry: 1 } as object)).toThrow(/options\/unknown/);
  });

  describe('whatever the platform has', () => {
    afterEach(() => vi.unstubAllGlobals());

    it.each<[string, string[]]>([
      ['setImmediate', []],
      ['a message to itself', ['setImmediate']],
      ['a timer', ['setImmediate', 'MessageChannel']],
    ])('%s lets a macrotask run', async (_, missing) => {
      const counter = countTurns();
      for (const name of missing) vi.stubGlobal(name, undefined);
      for (let i = 0; i < 3; i++) await yieldToEventLoop({ every: 0 });
      vi.unstubAllGlobals();
      counter.stop();
      expect(counter.turns).toBeGreaterThan(0);
    });
  });
});
