import type { About, FromWorker, Outcome } from '../measure/outcome';
import { type DeviceName, fullTitleOf, rows } from '../measure/rows';

/** One run of all measurements, in a worker of its own, that can be stopped. */
export class Measurement {
  phase = $state<'ready' | 'running' | 'done' | 'stopped' | 'failed'>('ready');
  about = $state.raw<About | null>(null);
  devices = $state<Partial<Record<DeviceName, string>>>({});
  outcomes = $state<Record<string, Outcome>>({});
  /** The row that is being measured. */
  now = $state<string | null>(null);
  /** What broke, where the worker itself did. */
  failure = $state('');
  readonly finished = $derived(Object.keys(this.outcomes).length);
  readonly status = $derived.by(() => {
    const current = rows.find(({ id }) => id === this.now);
    if (this.phase === 'running' && current)
      return `Measuring ${this.finished + 1} of ${rows.length}: ${fullTitleOf(current)}`;
    return {
      ready: '',
      running: 'Starting',
      done: `Done: ${rows.length} rows.`,
      stopped: `Stopped after ${this.finished} of ${rows.length} rows.`,
      failed: `The measurement broke off: ${this.failure}`,
    }[this.phase];
  });
  #worker: Worker | null = null;

  constructor(private readonly makeWorker: () => Worker) {}

  start(): void {
    this.#end();
    Object.assign(this, { about: null, devices: {}, outcomes: {}, now: null, failure: '', phase: 'running' });
    const worker = this.makeWorker();
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#hear(data);
    worker.onerror = ({ message }) => this.#fail(message);
    worker.postMessage('start');
  }

  /** Ends the worker, and with it whatever it was doing, its threads and its memory. */
  stop(): void {
    this.#end();
    this.phase = 'stopped';
  }

  #hear(message: FromWorker): void {
    if (message.kind === 'about') this.about = message.about;
    else if (message.kind === 'begin') this.now = message.id;
    else if (message.kind === 'device') this.devices[message.device] = message.says;
    else if (message.kind === 'outcome') this.outcomes[message.id] = message.outcome;
    else {
      this.#end();
      this.phase = 'done';
    }
  }

  #fail(message: string): void {
    this.#end();
    this.failure = message || 'the worker did not start';
    this.phase = 'failed';
  }

  #end(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.now = null;
  }
}
