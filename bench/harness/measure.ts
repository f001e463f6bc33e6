import Benchmark from 'benchmark';
import type { Measurement } from '../contestant';
import { median } from './statistics';

/** A call that takes longer is a sample by itself: `benchmark` would make four calls for one sample. */
const longCall = 0.5;

/** Seconds of one call: the median of the samples that `benchmark` takes within about `seconds`. */
export async function measure(run: () => void | Promise<void>, seconds: number): Promise<Measurement> {
  const { elapsed, isAsync } = await once(run);
  if (elapsed > longCall) {
    const samples = [elapsed];
    while (sum(samples) + elapsed < seconds) samples.push((await once(run)).elapsed);
    return { seconds: median(samples), samples: samples.length };
  }
  const samples = await sample(run, seconds, isAsync);
  return { seconds: median(samples), samples: samples.length };
}

async function once(run: () => void | Promise<void>): Promise<{ elapsed: number; isAsync: boolean }> {
  const start = performance.now();
  const result = run();
  const isAsync = result instanceof Promise;
  if (isAsync) await result;
  return { elapsed: (performance.now() - start) / 1000, isAsync };
}

function sample(run: () => void | Promise<void>, seconds: number, defer: boolean): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const fn = defer ? (deferred: { resolve(): void }) => (run() as Promise<void>).then(() => deferred.resolve()) : run;
    const benchmark = new Benchmark('case', fn, {
      defer,
      maxTime: seconds,
      minSamples: 3,
      onComplete: () => resolve(benchmark.stats.sample),
      onError: () => reject(benchmark.error),
    });
    benchmark.run();
  });
}

const sum = (xs: readonly number[]): number => xs.reduce((total, x) => total + x, 0);
