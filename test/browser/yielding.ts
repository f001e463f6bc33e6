import type * as Floragrad from '../../src/index';

/** What a page could do during a training. */
export interface Waited {
  readonly steps: number;
  /** Ticks of a timer. */
  readonly ticks: number;
  /** That were painted; a worker has none. */
  readonly frames: number;
}

/**
 * Train while a timer ticks: 200 steps, or with `yields` until it has ticked three times and three frames were painted,
 * or a hundred thousand steps have passed without that.
 */
export async function trainWhileTicking(floragrad: typeof Floragrad, yields: boolean): Promise<Waited> {
  const { Linear, mseLoss, random, sgd, trainer, yieldToEventLoop } = floragrad;
  const model = new Linear(16, 16, { key: random.key(0) });
  const x = random.normal(random.key(1), [32, 16]);
  const transform = sgd({ learningRate: 0.01 });
  const training = trainer({ model, transform, loss: () => mseLoss(model.forward(x), x), seed: 0 });
  const seen = { ticks: 0, frames: 0 };
  const paints = typeof requestAnimationFrame === 'function' && typeof document !== 'undefined';
  const timer = setInterval(() => seen.ticks++, 1);
  const onFrame = (): void => {
    seen.frames++;
    requestAnimationFrame(onFrame);
  };
  if (paints) requestAnimationFrame(onFrame);
  const enough = (): boolean => seen.ticks >= 3 && (!paints || seen.frames >= 3);
  while (yields ? !enough() && training.steps < 100_000 : training.steps < 200) {
    await training.step(undefined).loss;
    if (yields) await yieldToEventLoop();
  }
  clearInterval(timer);
  return { steps: training.steps, ...seen };
}
