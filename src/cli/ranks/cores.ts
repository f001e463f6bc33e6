import { readFileSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { crc32 } from '../../io/crc32';
import type { Communicator } from '../../mpi';

/**
 * Threads of this rank: the cores that it may use, divided by the ranks that may use the same ones. MPICH lets all ranks of
 * a machine use all of its cores; Open MPI and Slurm bind each to some of its own.
 */
export function threadsOf(comm: Communicator): number {
  const own = Uint32Array.of(crc32(new TextEncoder().encode(`${hostname()} ${allowedCores()}`)));
  const all = comm.gather(new Uint8Array(own.buffer)).map(String);
  const sharing = all.filter((cores) => cores === all[comm.rank]).length;
  return Math.max(1, Math.floor(availableParallelism() / sharing));
}

/** The list of cores that this process may use, where the system tells. */
function allowedCores(): string {
  try {
    return /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  } catch {
    return ''; // not Linux: ranks of a machine share what it has
  }
}
