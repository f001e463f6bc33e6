import type { Communicator } from '../../mpi';
import { bytes } from '../terminal/format';
import type { Screen } from '../terminal/io';
import type { Sharing } from './sharing';
import type { Wire } from './wire';

/** What came of a shared run, for `--json`. */
export interface Exchange {
  readonly ranks: number;
  readonly shards: number;
  readonly wire: Wire;
  /** Payload that rank 0 sent in a step, in bytes. */
  readonly bytesPerStep: number;
  /** Share of the time of the steps that rank 0 spent in calls of other ranks. */
  readonly waiting: number;
}

/** What goes between ranks, from the first step of a run on. */
export interface Meter {
  /** After this many steps. */
  read(steps: number): Exchange;
}

export function meterOf({ comm, shards, wire }: Sharing): Meter {
  const [bytes, waited, start] = [comm.bytes, comm.waited, performance.now()];
  return {
    read(steps) {
      const seconds = Math.max(1e-9, (performance.now() - start) / 1000);
      return {
        ranks: comm.size,
        shards,
        wire,
        bytesPerStep: (comm.bytes - bytes) / Math.max(1, steps),
        waiting: (comm.waited - waited) / seconds,
      };
    },
  };
}

/** `2 ranks, 638 KiB a step, 12 % waiting`. */
export function exchangeText({ ranks, bytesPerStep, waiting }: Exchange): string {
  if (ranks === 1) return '1 rank';
  return `${ranks} ranks, ${bytes(Math.round(bytesPerStep))} a step, ${Math.round(100 * waiting)} % waiting`;
}

/** What went between ranks, and the digest of what came of it. */
export function sayExchange(out: Screen, { digest, exchange }: { digest?: string; exchange?: Exchange }): void {
  if (!exchange) return;
  const { shards } = exchange;
  out.line(`  ${exchangeText(exchange)}, ${shards} ${shards === 1 ? 'shard' : 'shards'}, digest ${digest}`);
}

/** Whether this process is the one that prints and writes. */
export const isFirst = (comm: Communicator | null): boolean => comm === null || comm.rank === 0;
