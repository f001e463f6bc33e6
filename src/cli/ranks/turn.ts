import { setTimeout as sleep } from 'node:timers/promises';
import { launched } from '../../mpi/library';
import type { Io } from '../terminal/io';

/** How long the other ranks let rank 0 speak, in ms. An error that all of them meet is its to say, and ends all of them. */
const patienceMs = 2000;

/**
 * Wait until this process may say what went wrong, and how it is to begin. Where all ranks meet the same error, rank 0 says it
 * and its end is the end of all; one that speaks after its patience is at fault alone.
 */
export async function myTurn(env: Io['env']): Promise<string> {
  const place = launched(env);
  if (place === null || place.rank === 0) return '';
  await sleep(patienceMs);
  return `rank ${place.rank} of ${place.size}: `;
}

/** MPICH's launcher loses what a rank printed just before its end. */
const outputMs = 200;

/** End this process and with it all ranks, which would wait for it; does nothing where no launcher started it. */
export function endRanks(env: Io['env'], status: number): void {
  if (status !== 0 && launched(env) !== null) setTimeout(() => process.exit(status), outputMs);
}
