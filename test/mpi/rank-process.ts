// One rank: a worker thread that is handed a seat, or a process of mpiexec. It runs a job and reports, as a process into a
// file of its own, since lines that ranks print get mixed.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { Order } from '../../src/mpi';
import { type Communicator, mpi, type Seat, takeSeat } from '../../src/mpi';
import { jobs } from './jobs';

interface Given {
  readonly job: keyof typeof jobs;
  readonly order?: Order;
  readonly given?: unknown;
  readonly seat?: Seat;
  readonly folder?: string;
}

const { job, order, given, seat, folder = '.' } = (workerData ?? JSON.parse(process.argv[2] ?? '{}')) as Given;
const comm: Communicator = seat ? takeSeat(seat) : await mpi(order ? { order } : {});
const found = await jobs[job](comm, given as never).catch((error: Error & { code?: string }) => ({
  code: error.code ?? error.message,
}));
if (parentPort) parentPort.postMessage(found);
else writeFileSync(join(folder, `${comm.rank}.json`), JSON.stringify(found));
