import { BackendError, StateError } from '../base/errors';
import { choice, type OptionsOf, optional, readOptions, refuseExtra } from '../base/options';
import { type Communicator, communicator } from './communicator';
import { launched, world } from './library';
import { unknownLauncher } from './tasks';

const mpiOptions = {
  /** How sums are added up (default `tree`: bits do not depend on the number of ranks). */
  order: optional(choice('tree', 'sequence', 'library'), 'tree'),
};

/** How sums over ranks are added up. */
export interface MpiOptions extends OptionsOf<typeof mpiOptions> {}

/** MPI begins once in a process, and does not begin again after its end. */
let opened = false;

/**
 * The ranks that `mpiexec`, or `srun` of Slurm, started, seen from this process: MPICH or Open MPI, by the launcher. Call it once, before the
 * first tensor is worth anything to the other ranks. A program that ends by itself finalizes; one that throws or calls
 * `process.exit` ends all ranks with a status that is not 0.
 * @throws BackendError `mpi/no-launcher`, `mpi/unknown-launcher`, `mpi/not-installed`, `mpi/koffi`, `mpi/library`, `mpi/launcher`
 * @throws StateError `mpi/opened` at the second call
 * @example
 * const launched = await mpi({ order: 'tree' }).catch(({ code }) => code); // without mpiexec -n 4 node train.js
 * console.log(launched); // prints mpi/no-launcher
 */
export async function mpi(options: MpiOptions = {}): Promise<Communicator> {
  if (arguments.length > 1) refuseExtra('mpi', arguments, 1);
  const { order } = readOptions('mpi', mpiOptions, options);
  const start = launched(process.env);
  if (start === null) throw unknownLauncher(process.env) ?? noLauncher();
  if (opened) throw twice();
  opened = true;
  return communicator(await world(start), order);
}

function twice(): StateError {
  return new StateError({
    code: 'mpi/opened',
    got: 'mpi was called a second time in this process',
    expected: 'one call, whose communicator all parts of a program use',
    fix: 'call it where the program begins, and hand its result on',
  });
}

function noLauncher(): BackendError {
  return new BackendError({
    code: 'mpi/no-launcher',
    got: 'mpi was called in a process that no MPI launcher started',
    expected: 'the environment that mpiexec of MPICH or Open MPI sets',
    fix: 'mpiexec -n 4 node program.js; for ranks without MPI there is inProcess',
  });
}
