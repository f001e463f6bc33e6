import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker, workerData } from 'node:worker_threads';
import { valueAndGrad } from '../../src/index';
import { mpi } from '../../src/mpi';
import { median, modelOf, type Sizes } from './rank';

// What a Worker that owns MPI could hide: a sum of all gradients, while the thread of the model goes forward and back. No training
// can hide more, since the last gradients are there at the end of the backward pass alone.

export interface OverlapJob {
  readonly sizes: Sizes;
  readonly repeats: number;
}

/** Medians over the repeats, in seconds. */
export interface Overlap {
  /** Forward and back, and then the sum. */
  readonly apart: number;
  /** What the sum takes of `apart`. */
  readonly sum: number;
  /** Both at once, until both are done. */
  readonly together: number;
}

/** What both threads share. */
interface Desk {
  /** What the Worker is to do, and then the rank that it found itself to be. */
  readonly call: Int32Array;
  /** What it sums. */
  readonly values: Float32Array;
}
const [nothing, sum, meet, leave] = [0, 1, 2, 3];

/** The Worker: the one thread that calls MPI. */
export async function serveOverlap(): Promise<void> {
  const { call, values } = workerData as Desk;
  const comm = await mpi();
  Atomics.store(call, 1, comm.rank);
  for (;;) {
    const asked = Atomics.load(call, 0);
    if (asked === sum) comm.sum(values);
    if (asked === meet) comm.barrier();
    if (asked === leave) comm.finalize();
    Atomics.store(call, 0, nothing);
    Atomics.notify(call, 0);
    if (asked === leave) return;
    Atomics.wait(call, 0, nothing);
  }
}

/** What a launched process does: find, and write it down. */
export async function runOverlap({ sizes, repeats }: OverlapJob, folder: string): Promise<void> {
  const { model, loss } = modelOf(sizes);
  const parameters = model.parameters();
  const floats = Object.values(parameters).reduce((sum, { size }) => sum + size, 0);
  const call = new Int32Array(new SharedArrayBuffer(8));
  const ask = (what: number): void => {
    Atomics.store(call, 0, what);
    Atomics.notify(call, 0);
  };
  const wait = (): void => {
    for (let asked = Atomics.load(call, 0); asked !== nothing; asked = Atomics.load(call, 0))
      Atomics.wait(call, 0, asked);
  };
  const seconds = (run: () => void): number => {
    ask(meet);
    wait();
    const start = performance.now();
    run();
    return (performance.now() - start) / 1000;
  };

  ask(meet); // before MPI is there, so that this thread waits for it
  const desk: Desk = { call, values: new Float32Array(new SharedArrayBuffer(4 * floats)) };
  const worker = new Worker(process.argv[1] as string, { workerData: desk });
  await new Promise((resolve) => worker.once('online', resolve));
  wait();
  const rank = Atomics.load(call, 1);
  const compute = (step: number): void => {
    valueAndGrad(() => loss(step, rank), parameters).value.dataSync();
  };
  compute(0);
  const found = Array.from({ length: repeats }, (_, step) => {
    const summed = (): number =>
      seconds(() => {
        ask(sum);
        wait();
      });
    const alone = seconds(() => compute(step));
    const sumAlone = summed();
    const together = seconds(() => {
      ask(sum);
      compute(step);
      wait();
    });
    return { apart: alone + sumAlone, sum: sumAlone, together };
  });
  ask(leave);
  await new Promise((resolve) => worker.once('exit', resolve));
  const medians: Overlap = {
    apart: median(found.map(({ apart }) => apart)),
    sum: median(found.map((one) => one.sum)),
    together: median(found.map(({ together }) => together)),
  };
  writeFileSync(join(folder, `${rank}.json`), JSON.stringify(medians));
}
