import { number, type OptionsOf, optional, readOptions, refuseExtra } from './options';

const frame = 16;

const yieldOptions = {
  /** Milliseconds since the last time that the event loop had its turn (default 16, a frame at 60 Hz). */
  every: optional(number({ low: 0, high: Infinity }), frame),
};

/** How long a loop may keep everything else waiting. */
export interface YieldOptions extends OptionsOf<typeof yieldOptions> {}

/** What has no promise of its own: most calls return this one. */
const atOnce = Promise.resolve();

/** `yieldToEventLoop` with another clock, in milliseconds, and another way to let the event loop run. */
export function yieldingBy(
  now: () => number,
  macrotask: () => Promise<void>,
): (options?: YieldOptions) => Promise<void> {
  let last = Number.NEGATIVE_INFINITY;
  const turn = async (): Promise<void> => {
    await macrotask();
    last = now();
  };
  return function (options) {
    if (arguments.length > 1) refuseExtra('yieldToEventLoop', arguments, 1);
    const every = options === undefined ? frame : readOptions('yieldToEventLoop', yieldOptions, options).every;
    return now() - last < every ? atOnce : turn();
  };
}

/**
 * Let timers, input, painting, network and finalizers have a turn, if the last one is `every` milliseconds ago; else go
 * on at once, for the price of a look at the clock. A loop that only awaits losses never lets them: on backends that
 * compute where they are called, `await training.step(batch).loss` waits for nothing, and a page stands still until the
 * training is over. A single step is not interrupted, so steps that take long belong in a Worker.
 *
 * The clock is one for all loops of a program. In Node this is `setImmediate`; in pages and workers a message to itself,
 * which is neither slowed down, as nested timers are (to 4 ms), nor put before other tasks, as `scheduler.yield()` is.
 * @throws OptionError `options/range`
 * @example
 * const w = tensor([1, 2]);
 * const training = trainer({ params: { w }, transform: sgd({ learningRate: 0.1 }), loss: () => w.square().sum(), seed: 0 });
 * for (let step = 0; step < 100; step++) {
 *   await training.step(undefined).loss;
 *   await yieldToEventLoop();
 * }
 * console.log(training.steps); // prints 100
 */
export const yieldToEventLoop: (options?: YieldOptions) => Promise<void> = yieldingBy(
  () => performance.now(),
  () => new Promise((resume) => later(resume)),
);

/** Run `task` after what waits in the event loop now. */
function later(task: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(task);
  else if (typeof MessageChannel === 'function') bySelfMessage(task);
  else setTimeout(task, 0);
}

/** A channel for one message: an open port would keep some platforms' programs from ending. */
function bySelfMessage(task: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    task();
  };
  port2.postMessage(null);
}
