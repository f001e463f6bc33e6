import { fstatSync, writeSync } from 'node:fs';
import { BackendError } from '../base/errors';
import type { Transport } from './communicator';
import { startedBySrun, tasksOf } from './tasks';

/** The part of koffi (a library that calls C from Node) that is used here. */
interface Koffi {
  config(options: { sync_stack_size: number; async_stack_size: number }): void;
  load(name: string, options: { global: boolean }): Library;
}
interface Library {
  func(declaration: string): (...given: unknown[]) => number;
  symbol(name: string, type: string): unknown;
}

/** What differs between implementations of MPI: the C types of handles, and the handles themselves. */
interface Family {
  readonly name: 'MPICH' | 'Open MPI';
  /** The shared library, by its name on Linux. */
  readonly file: string;
  /** C type of a communicator or a data type. */
  readonly handle: string;
  /** What says in a send buffer's place that the receive buffer is both. */
  readonly inPlace: number;
  handles(library: Library): { world: unknown; float: unknown; byte: unknown; sum: unknown };
  readonly install: string;
}

const mpich: Family = {
  name: 'MPICH',
  file: 'libmpich.so.12',
  handle: 'int',
  inPlace: -1,
  handles: () => ({ world: 0x44000000, float: 0x4c00040a, byte: 0x4c00010d, sum: 0x58000003 }),
  install: 'apt-get install mpich',
};

const openMpi: Family = {
  name: 'Open MPI',
  file: 'libmpi.so.40',
  handle: 'void *',
  inPlace: 1,
  handles: (library) => ({
    world: library.symbol('ompi_mpi_comm_world', 'void'),
    float: library.symbol('ompi_mpi_float', 'void'),
    byte: library.symbol('ompi_mpi_byte', 'void'),
    sum: library.symbol('ompi_mpi_op_sum', 'void'),
  }),
  install: 'apt-get install openmpi-bin',
};

/** The implementations that are known. */
export const families: readonly Pick<Family, 'name' | 'file' | 'install'>[] = [mpich, openMpi];

/** What the launcher of this process set, if there was one. */
export interface Launched {
  readonly family: Family;
  readonly rank: number;
  readonly size: number;
}

/**
 * Which launcher started this process, by what it left in the environment; null: none did, or one that is not known. Slurm's
 * srun speaks PMI-2 to MPICH and PMIx to Open MPI. The mpiexec of each may stand on srun as well, so its own words come first:
 * the tasks are then daemons, one a machine.
 */
export function launched(environment: Readonly<Record<string, string | undefined>>): Launched | null {
  const { OMPI_COMM_WORLD_SIZE: ompi, OMPI_COMM_WORLD_RANK: ompiRank, PMI_SIZE: pmi, PMI_RANK: pmiRank } = environment;
  // Both, where one launcher was started in what the other left in the environment: MPICH's is the one whose channel is open.
  const both = pmi !== undefined && pmiRank !== undefined;
  if (ompi !== undefined && !(both && channelOf(environment) !== null)) {
    return { family: openMpi, rank: Number(ompiRank ?? 0), size: Number(ompi) };
  }
  if (pmi !== undefined && pmiRank !== undefined) return { family: mpich, rank: Number(pmiRank), size: Number(pmi) };
  const { PMIX_RANK: pmix } = environment;
  const tasks = tasksOf(environment);
  if (pmix !== undefined && tasks !== null) return { family: openMpi, rank: Number(pmix), size: tasks };
  return null;
}

/** The socket on which this process talks to MPICH's launcher; null where there is none, or where something closed it. */
function channelOf({ PMI_FD: file }: Readonly<Record<string, string | undefined>>): number | null {
  try {
    return file !== undefined && fstatSync(Number(file)).isSocket() ? Number(file) : null;
  } catch {
    return null; // it is no open file
  }
}

/** @throws BackendError `mpi/not-installed` */
async function loadKoffi(): Promise<Koffi> {
  try {
    const loaded = (await import('koffi')) as unknown as { default?: Koffi } & Koffi;
    return loaded.default ?? loaded;
  } catch (error) {
    throw new BackendError({
      code: 'mpi/not-installed',
      got: `the package koffi could not be loaded (${messageOf(error)})`,
      expected: 'koffi 3, an optional peer of floragrad, beside it',
      fix: 'npm install koffi@3.3.4',
    });
  }
}

/**
 * MPI's world as a transport. To be called once in a process.
 * @throws BackendError `mpi/not-installed`, `mpi/koffi`, `mpi/library`, `mpi/launcher`
 */
export async function world(launched: Launched): Promise<Transport> {
  try {
    return await opened(launched);
  } catch (error) {
    // The others wait for this rank in MPI_Init, and MPICH's launcher lets them: it does not miss a rank that never came.
    process.once('exit', (code) => {
      if (code !== 0) endAtLauncher(code);
    });
    throw error;
  }
}

/** End all ranks from one that has not opened MPI; Open MPI's launcher does so by itself. */
function endAtLauncher(code: number): void {
  const channel = channelOf(process.env);
  if (channel === null) return;
  pause(outputMs);
  try {
    writeSync(channel, `cmd=abort exitcode=${code}\n`); // of PMI, in which libraries talk to MPICH's launcher
  } catch {
    // it is gone, and this process ends anyway
  }
}

async function opened({ family, size: promised }: Launched): Promise<Transport> {
  const channel = process.env.PMI_FD;
  if (family === mpich && channel !== undefined && channelOf(process.env) === null) throw closedChannel(channel);
  const koffi = await loadKoffi();
  // UCX, on which Debian's MPICH stands, would take over the signal of a WebAssembly trap and end the process, and its hooks in
  // the allocator race with Node's threads (6 of 123 runs crashed). MPICH needs a larger stack than koffi gives by default.
  process.env.UCX_ERROR_SIGNALS ??= '';
  process.env.UCX_MEM_EVENTS ??= 'n';
  // Its word on a rank that died, the stack of another one that waited for it: the launcher has said which one it was.
  process.env.UCX_HANDLE_ERRORS ??= 'none';
  enlargeStacks(koffi);
  const library = open(koffi, family);
  const h = family.handle;
  const call = (name: string, parameters: string): ((...given: unknown[]) => void) => {
    const entry = library.func(`int ${name}(${parameters})`);
    return (...given) => {
      const status = entry(...given);
      if (status !== 0) throw failed(name, status);
    };
  };
  const { world, float, byte, sum } = family.handles(library);
  const numberOf = (name: string): number => {
    const found = [0];
    call(name, `${h} comm, _Out_ int *found`)(world, found);
    return found[0] as number;
  };
  call('MPI_Init_thread', 'void *argc, void *argv, int required, _Out_ int *provided')(null, null, 0, [0]);
  const [rank, size] = [numberOf('MPI_Comm_rank'), numberOf('MPI_Comm_size')];
  const finalize = call('MPI_Finalize', 'void');
  const abort = call('MPI_Abort', `${h} comm, int code`);
  if (size !== promised) {
    finalize();
    throw otherLauncher(family, promised, size);
  }

  const buffers = `void *send, int count, ${h} type, void *receive, int received, ${h} same, ${h} comm`;
  const allToAll = call('MPI_Alltoall', buffers);
  const allGather = call('MPI_Allgather', buffers);
  const broadcast = call('MPI_Bcast', `void *buffer, int count, ${h} type, int root, ${h} comm`);
  const barrier = call('MPI_Barrier', `${h} comm`);
  const parameters = `intptr_t send, void *values, int count, ${h} type, ${h} op, ${h} comm`;
  const allReduce = call('MPI_Allreduce', parameters);

  let finalized = false;
  const transport: Transport = {
    rank,
    size,
    allToAll: (send, receive) => allToAll(send, send.length / size, float, receive, send.length / size, float, world),
    allGather: (own, all) => allGather(own, own.length, byte, all, own.length, byte, world),
    broadcast: (bytes, root) => broadcast(bytes, bytes.length, byte, root, world),
    barrier: () => barrier(world),
    allReduce: (values) => allReduce(family.inPlace, values, values.length, float, sum, world),
    abort(code) {
      finalized = true; // the others end by MPI's own doing
      abort(world, code);
      process.exit(code);
    },
    finalize() {
      if (finalized) return;
      finalized = true;
      finalize();
    },
  };
  // A program that ends by itself leaves in order. One that is ended, by an exception or process.exit, takes the others with it:
  // they would wait for it for ever, and some launchers report success.
  process.once('beforeExit', () => transport.finalize());
  // What Node prints of an exception may not be out when MPI ends the process.
  process.on('uncaughtExceptionMonitor', (error) => {
    if (finalized) return;
    writeSync(2, `floragrad: rank ${rank} of ${size} ends the run: ${messageOf(error)}\n`);
    pause(outputMs);
  });
  process.once('exit', (code) => {
    if (!finalized) transport.abort(code || 1);
  });
  return transport;
}

function enlargeStacks(koffi: Koffi): void {
  try {
    koffi.config({ sync_stack_size: 8 << 20, async_stack_size: 8 << 20 });
  } catch (error) {
    throw new BackendError({
      code: 'mpi/koffi',
      got: `koffi could not be configured (${messageOf(error)})`,
      expected: 'koffi before its first library: MPI needs larger stacks than it has by default',
      fix: 'call mpi() before the program loads other libraries through koffi',
    });
  }
}

function open(koffi: Koffi, { file, name, install }: Family): Library {
  try {
    return koffi.load(file, { global: true });
  } catch (error) {
    throw new BackendError({
      code: 'mpi/library',
      got: `${file} could not be loaded (${messageOf(error)})`,
      expected: `the shared library of ${name}, whose launcher started this process`,
      fix: `${install}, or start with the launcher of the library that is installed: its mpiexec, or ${startedBySrun}`,
    });
  }
}

function otherLauncher({ name }: Family, promised: number, found: number): BackendError {
  return new BackendError({
    code: 'mpi/launcher',
    got: `the launcher announced ${promised} ranks, and ${name} found ${found}`,
    expected: 'a launcher and a library of the same MPI',
    fix: `mpiexec.mpich and mpiexec.openmpi start programs of MPICH and of Open MPI, in Slurm also ${startedBySrun}; without a launcher, unset PMI_SIZE and OMPI_COMM_WORLD_SIZE`,
  });
}

/** MPICH would say so in its own words and end the process. */
function closedChannel(file: string): BackendError {
  return new BackendError({
    code: 'mpi/launcher',
    got: `what MPICH's launcher left open for this rank, file ${file} of PMI_FD, is closed`,
    expected: 'a program that the launcher starts itself: npx closes what it does not know',
    fix: 'name the program, as in mpiexec -n 2 node_modules/.bin/floragrad; without a launcher, unset PMI_FD',
  });
}

function failed(name: string, status: number): BackendError {
  return new BackendError({
    code: 'mpi/call',
    got: `${name} returned ${status}`,
    expected: '0, success',
    fix: 'see what MPI printed above; all ranks must make the same calls with the same numbers of values',
  });
}

/** MPICH's launcher loses what a rank printed just before it aborts. */
const outputMs = 200;

/** Stay in this line for so long. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
