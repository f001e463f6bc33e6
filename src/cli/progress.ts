import { SingleBar } from 'cli-progress';
import { count, duration, nats } from './format';
import type { Screen } from './io';

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

/** Progress of a training run: its loss, its speed, and the time left. */
export function trainingProgress(screen: Screen, steps: number, tokensPerStep: number) {
  const shown = progress(screen, 'step', steps);
  const start = performance.now();
  return {
    update(step: number, loss: number): void {
      const seconds = Math.max(1e-3, (performance.now() - start) / 1000);
      const rate = count((step * tokensPerStep) / seconds).padStart(7);
      const left = step < steps ? `${duration((seconds * (steps - step)) / step)} left` : duration(seconds);
      shown.update(step, `loss ${nats(loss)}  ${rate} tokens/s  ${left}`);
    },
    stop: () => shown.stop(),
  };
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
    gracefulExit: true,
    fps: 10,
  });
  single.start(total, 0, { text: '' });
  return { update: (done, text) => single.update(done, { text }), stop: () => single.stop() };
}

function lines(screen: Screen, unit: string, total: number): Progress {
  const width = String(total).length;
  let shown = 0;
  return {
    update(done, text) {
      const tenth = Math.floor((10 * done) / total);
      if (tenth === shown) return;
      shown = tenth;
      screen.line(`  ${unit} ${String(done).padStart(width)}/${total}  ${text}`);
    },
    stop() {},
  };
}
