// Breaks of what tells a rank from a process that is alone, by its environment; see ../mutations.mjs.

const tests = ['test/unit/cli/ranks/launched.test.ts'];

export const slurm = [
  {
    name: 'slurm: the tasks of srun are not looked at',
    file: 'src/mpi/tasks.ts',
    find: 'if (tasks > 1) {',
    replace: 'if (tasks > 4096) {',
    tests,
  },
  {
    name: 'slurm: a batch script is one of the tasks of its job',
    file: 'src/mpi/tasks.ts',
    find: 'SLURM_STEP_NUM_TASKS: tasks }: Environment',
    replace: 'SLURM_NTASKS: tasks }: Environment',
    tests,
  },
  {
    name: 'slurm: another launcher of PMIx trains alone',
    file: 'src/mpi/tasks.ts',
    find: 'if (environment.PMIX_RANK === undefined) return null;',
    replace: 'if (tasks === 1) return null;',
    tests,
  },
  {
    name: 'slurm: ranks of srun with PMIx are not known',
    file: 'src/mpi/library.ts',
    find: 'if (pmix !== undefined && tasks !== null) return',
    replace: 'if (pmix !== undefined && tasks === 0) return',
    tests,
  },
  {
    name: 'slurm: tasks of srun without PMIx are ranks',
    file: 'src/mpi/library.ts',
    find: 'if (pmix !== undefined && tasks !== null) return',
    replace: 'if (tasks !== null) return',
    tests,
  },
  {
    name: 'slurm: daemons that mpiexec started are taken for its ranks',
    file: 'src/mpi/library.ts',
    find: 'size: Number(ompi) };',
    replace: 'size: tasksOf(environment) ?? Number(ompi) };',
    tests,
  },
  {
    name: 'slurm: the only task of a step loads MPI',
    file: 'src/cli/ranks/start.ts',
    find: 'return place === null || only ? null : mpi();',
    replace: 'return place === null ? null : mpi();',
    tests,
  },
  {
    name: 'slurm: a program is told that there is no launcher',
    file: 'src/mpi/mpi.ts',
    find: 'throw unknownLauncher(process.env) ?? noLauncher();',
    replace: 'throw noLauncher();',
    tests,
  },
  {
    name: 'slurm: the command does not ask whether it is alone',
    file: 'src/cli/command.ts',
    find: "else if ('ranks' in options) checkAlone(io.env);",
    replace: '',
    tests,
  },
];
