import { SingleBar } from 'cli-progress';
import { beforeEnd } from './ending';
import { count, duration, nats } from './format';
import type { Screen } from './io';
import { visible } from './visible';

/** What a long command tells while it goes on. */
export interface Progress {
  /** `done` of the total; `text` says more. */
  update(done: number, text: string): void;
  stop(): void;
}

/** A bar on a terminal; elsewhere a line at every tenth of the way, which logs keep readable. */
export function progress(screen: Screen, unit: string, total: number): Progress {
  return screen.stream.isTTY ? bar(screen, total) : lines(screen, unit, total);
}

/** Progress of a training run: its loss, its speed, and the time left; of a resumed one, of the steps that it takes now. */
export function trainingProgress(screen: Screen, steps: number, tokensPerStep: number) {
  const shown = progress(screen, 'step', steps);
  const start = performance.now();
  let before: number | undefined; // the steps of an earlier process
  return {
    update(step: number, loss: number, more = ''): void {
      before ??= step - 1;
      const taken = step - before;
      const seconds = Math.max(1e-3, (performance.now() - start) / 1000);
      const rate = count((taken * tokensPerStep) / seconds).padStart(7);
      const left = step < steps ? `${duration((seconds * (steps - step)) / taken)} left` : duration(seconds);
      shown.update(step, `loss ${nats(loss)}  ${rate} tokens/s  ${left}${more && `  ${more}`}`);
    },
    stop: () => shown.stop(),
  };
}

/** What a training tells of a step, and `more` of what it tells for now. */
export type OnStep = (step: number, loss: number, more?: string) => void;

/** A training of a comparison: what it is called, how it goes, and what is said of it at its end. */
interface Training<Run> {
  readonly title: string;
  run(onStep: OnStep): Promise<Run>;
  say(run: Run): void;
}

/** Do the trainings of a comparison one after the other, each under its name and with its progress. */
export async function inTurn<Run>(
  out: Screen,
  trainings: readonly Training<Run>[],
  { steps, tokensPerStep }: { readonly steps: number; readonly tokensPerStep: number },
): Promise<Run[]> {
  const runs: Run[] = [];
  for (const [i, { title, run, say }] of trainings.entries()) {
    out.line(out.paint.bold(`[${i + 1}/${trainings.length}] ${title}`));
    const shown = trainingProgress(out, steps, tokensPerStep);
    const done = await run(shown.update).finally(shown.stop);
    say(done);
    runs.push(done);
  }
  return runs;
}

function bar(screen: Screen, total: number): Progress {
  const single = new SingleBar({
    stream: screen.stream as NodeJS.WritableStream,
    format: '  {bar} {value}/{total}  {text}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    fps: 10,
  });
  let started = false;
  const off = beforeEnd(() => started && single.stop()); // the bar hides the cursor: a process that is ended gives it back
  return {
    update(done, text) {
      // Not before there is something to show, so that what is said of the start stays above it.
      if (!started) single.start(total, done, { text: visible(text) });
      else single.update(done, { text: visible(text) });
      started = true;
    },
    stop() {
      off();
      if (started) single.stop();
    },
  };
}

function lines(screen: Screen, unit: string, total: number): Progress {
  const width = String(total).length;
  let shown: number | undefined;
  return {
    update(done, text) {
      const tenth = Math.floor((10 * done) / total);
      shown ??= Math.floor((10 * (done - 1)) / total); // not every way begins at its start
      if (tenth === shown) return;
      shown = tenth;
      screen.line(`  ${unit} ${String(done).padStart(width)}/${total}  ${text}`);
    },
    stop() {},
  };
}
