import { SingleBar } from 'cli-progress';
import { count, duration, nats } from './format';
import type { Screen } from './io';

/** What a training run tells while it goes on. */
export interface Progress {
  update(step: number, loss: number): void;
  stop(): void;
}

/** A bar on a terminal; elsewhere a line at every tenth of the way, which logs keep readable. */
export function progress(screen: Screen, steps: number, tokensPerStep: number): Progress {
  return screen.stream.isTTY ? bar(screen, steps, tokensPerStep) : lines(screen, steps, tokensPerStep);
}

function bar(screen: Screen, steps: number, tokensPerStep: number): Progress {
  const at = speed(steps, tokensPerStep);
  const single = new SingleBar({
    stream: screen.stream as NodeJS.WritableStream,
    format: '  {bar} {value}/{total}  loss {loss}  {rate} tokens/s  {left} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    fps: 10,
  });
  single.start(steps, 0, { loss: '-', rate: '-', left: '-' });
  return {
    update(step, loss) {
      const { rate, left } = at(step);
      single.update(step, { loss: nats(loss), rate: count(rate), left: duration(left) });
    },
    stop: () => single.stop(),
  };
}

function lines(screen: Screen, steps: number, tokensPerStep: number): Progress {
  const at = speed(steps, tokensPerStep);
  const width = String(steps).length;
  let shown = 0;
  return {
    update(step, loss) {
      const tenth = Math.floor((10 * step) / steps);
      if (tenth === shown) return;
      shown = tenth;
      const { rate, left } = at(step);
      const time = step < steps ? `${duration(left)} left` : 'done';
      const place = `step ${String(step).padStart(width)}/${steps}`;
      screen.line(`  ${place}  loss ${nats(loss)}  ${count(rate).padStart(7)} tokens/s  ${time}`);
    },
    stop() {},
  };
}

function speed(steps: number, tokensPerStep: number): (step: number) => { rate: number; left: number } {
  const start = performance.now();
  return (step) => {
    const seconds = Math.max(1e-3, (performance.now() - start) / 1000);
    return { rate: (step * tokensPerStep) / seconds, left: ((steps - step) * seconds) / Math.max(1, step) };
  };
}
