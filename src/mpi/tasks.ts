import { BackendError } from '../base/errors';

type Environment = Readonly<Record<string, string | undefined>>;

/** How srun starts programs of each MPI. */
export const startedBySrun = 'srun --mpi=pmi2 with MPICH and --mpi=pmix with Open MPI';

/**
 * Tasks of the step of Slurm that this process belongs to; null outside of one. A batch script is not a step and has no such
 * number, though it has the `SLURM_NTASKS` of its job and a `SLURM_PROCID`; the shell of salloc is a step of one.
 */
export function tasksOf({ SLURM_STEP_NUM_TASKS: tasks }: Environment): number | null {
  return tasks === undefined ? null : Number(tasks);
}

/**
 * What is wrong where this process is one of several that found no MPI which would tell them apart; null where it is alone.
 * To be asked of a process that `launched` knows nothing of.
 */
export function unknownLauncher(environment: Environment): BackendError | null {
  const tasks = tasksOf(environment) ?? 1;
  if (tasks > 1) {
    return new BackendError({
      code: 'mpi/unknown-launcher',
      got: `a process that srun of Slurm started as one of ${tasks} tasks, without MPI`,
      expected: 'tasks that know of each other; each of these would train alone, and write what the others write',
      fix: `${startedBySrun}, or mpiexec in the job; srun -n 1 for one process; env -u SLURM_STEP_NUM_TASKS where each is to be alone`,
    });
  }
  if (environment.PMIX_RANK === undefined) return null;
  return new BackendError({
    code: 'mpi/unknown-launcher',
    got: 'a process that a launcher of PMIx started, which does not say how many there are',
    expected: 'mpiexec of MPICH or Open MPI, or srun of Slurm',
    fix: 'start it with mpiexec; env -u PMIX_RANK where the process is to be alone',
  });
}
