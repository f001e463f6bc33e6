import { mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { abandon, type Seat } from '../../src/mpi';

/** The program of a rank in one file, beside the packages that it may need. */
export async function rankProgram(): Promise<{ file: string; remove(): void }> {
  const folder = mkdtempSync(join(resolve('node_modules/.cache'), 'ranks-'));
  const file = join(folder, 'rank.mjs');
  await build({
    entryPoints: ['test/mpi/rank-process.ts'],
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    outfile: file,
    logLevel: 'error',
  });
  const remove = (): void => {
    for (const worker of living) worker.terminate(); // those that a failed test has left waiting
    rmSync(folder, { recursive: true });
  };
  return { file, remove };
}

const living = new Set<Worker>();

/** Run a job on every seat, each in a thread; what they found, in the order of ranks. */
export function inThreads(file: string, seats: readonly Seat[], job: string, given?: unknown): Promise<unknown[]> {
  return Promise.all(oneByOne(file, seats, job, given));
}

/** The same, a promise a rank: that of one whose thread throws is rejected, and the others hear of it. */
export function oneByOne(file: string, seats: readonly Seat[], job: string, given?: unknown): Promise<unknown>[] {
  return seats.map(
    (seat) =>
      new Promise((found, fail) => {
        const worker = new Worker(file, { workerData: { job, given, seat } });
        living.add(worker);
        worker.once('message', found).once('error', (error) => {
          abandon(seat);
          fail(error);
        });
        worker.once('exit', (code) => {
          living.delete(worker);
          fail(new Error(`rank ${seat.rank} ended with ${code}`));
        });
      }),
  );
}
