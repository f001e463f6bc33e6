import type { FromTrack, Look, Outcome, Reading, Setting, Start, ToTrack } from '../training/contract';
import type { Redraw } from './redraw';
import type { Phase } from './status';

/** What a track has said so far. It grows in place: thousands of readings are not copied for every message. */
class Heard implements Outcome {
  start: Start = none;
  readonly readings: Reading[] = [];
  readonly looks: Look[] = [];
  readonly texts: { step: number; text: string }[] = [];
}

const none: Start = { backend: '', stateBytes: 0, trained: 0, watched: { path: '', shape: [0, 0] } };

/** One worker, and what it said. */
export class Training {
  readonly outcome = new Heard();
  phase = $state<Phase>('loading');
  started = $state.raw<Start | null>(null);
  failure = $state.raw<{ readonly code: string; readonly message: string } | null>(null);
  readonly #worker: Worker;
  readonly #steps: number;

  constructor(
    make: () => Worker,
    setting: Setting,
    track: number,
    readonly heard: () => void,
  ) {
    this.#steps = setting.steps;
    this.#worker = make();
    this.#worker.onmessage = ({ data }: MessageEvent<FromTrack>) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#fail('WORKER', event.message || 'The worker of this track could not be started.');
    };
    this.#tell({ kind: 'load', setting: $state.snapshot(setting) as Setting, track });
  }

  /** Each of them begins with a reading, and the last reading is after the last step. */
  get stepsTaken(): number {
    return Math.min(this.outcome.readings.length, this.#steps);
  }

  /** Whether it would take another step. */
  get goesOn(): boolean {
    return this.phase !== 'done' && this.phase !== 'failed';
  }

  run(): void {
    if (this.goesOn) this.#tell({ kind: 'run' });
  }

  pause(): void {
    if (this.goesOn) this.#tell({ kind: 'pause' });
  }

  step(): void {
    if (this.goesOn) this.#tell({ kind: 'step' });
  }

  end(): void {
    this.#worker.onmessage = null;
    this.#worker.terminate();
  }

  #tell(message: ToTrack): void {
    this.#worker.postMessage(message);
  }

  #hear(message: FromTrack): void {
    if (message.kind === 'start') {
      this.outcome.start = message.start;
      this.started = message.start;
      if (this.phase === 'loading') this.phase = 'ready';
    } else if (message.kind === 'readings') {
      this.outcome.readings.push(...message.readings);
      this.outcome.looks.push(...message.looks);
    } else if (message.kind === 'text') {
      this.outcome.texts.push({ step: message.step, text: message.text });
    } else if (message.kind === 'done') {
      this.phase = 'done';
    } else {
      this.#fail(message.code, message.message);
    }
    this.heard();
  }

  #fail(code: string, message: string): void {
    this.failure = { code, message };
    this.phase = 'failed';
    this.heard();
  }
}

/** All trainings of one setting, side by side. */
export class Trainings {
  tracks = $state.raw<readonly Training[]>([]);
  /** How often a setting was loaded. */
  generation = $state(0);
  /** What the visitor asked for; hidden pages wait in spite of it. */
  wanted = $state<'run' | 'pause'>('pause');
  hidden = $state(false);
  /** The furthest step of all tracks, as of the last message. */
  step = $state(0);

  readonly phase: Phase = $derived.by(() => {
    const phases = this.tracks.map(({ phase }) => phase);
    const going = phases.filter((phase) => phase !== 'failed');
    if (phases.length > 0 && going.length === 0) return 'failed';
    if (going.length > 0 && going.every((phase) => phase === 'done')) return 'done';
    if (this.wanted === 'run' && !this.hidden) return 'running';
    if (going.some((phase) => phase === 'loading')) return 'loading';
    return this.step > 0 ? 'paused' : 'ready';
  });

  constructor(
    readonly make: () => Worker,
    readonly redraw: Redraw,
  ) {}

  /** From the seed: ends what runs, and begins anew. */
  load(setting: Setting): void {
    this.end();
    this.wanted = 'pause';
    this.step = 0;
    this.generation += 1;
    this.tracks = setting.tracks.map((_, track) => new Training(this.make, setting, track, () => this.#heard()));
    this.redraw.mark();
  }

  run(): void {
    this.wanted = 'run';
    if (!this.hidden) for (const track of this.tracks) track.run();
  }

  pause(): void {
    this.wanted = 'pause';
    for (const track of this.tracks) track.pause();
  }

  takeStep(): void {
    if (this.wanted === 'run') this.pause();
    for (const track of this.tracks) track.step();
  }

  /** A page that no one looks at should not heat a lap: it waits, and goes on when it is seen again. */
  hide(hidden: boolean): void {
    this.hidden = hidden;
    if (this.wanted !== 'run') return;
    for (const track of this.tracks) {
      if (hidden) track.pause();
      else track.run();
    }
  }

  end(): void {
    for (const track of this.tracks) track.end();
  }

  #heard(): void {
    this.step = Math.max(0, ...this.tracks.map(({ stepsTaken }) => stepsTaken));
    this.redraw.mark();
  }
}
