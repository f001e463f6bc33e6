import { mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import type { Seat } from '../../src/mpi';

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
  return { file, remove: () => rmSync(folder, { recursive: true }) };
}

/** Run a job on every seat, each in a thread; what they found, in the order of ranks. */
export function inThreads(file: string, seats: readonly Seat[], job: string, given?: unknown): Promise<unknown[]> {
  return Promise.all(
    seats.map(
      (seat) =>
        new Promise((found, fail) => {
          const worker = new Worker(file, { workerData: { job, given, seat } });
          worker.once('message', found).once('error', fail);
          worker.once('exit', (code) => fail(new Error(`rank ${seat.rank} ended with ${code}`)));
        }),
    ),
  );
}
