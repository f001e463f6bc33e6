import { once } from 'node:events';
import { fstatSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkSharing } from '../../../../src/cli/ranks/sharing';
import { checkAlone, openRanks } from '../../../../src/cli/ranks/start';
import { run } from '../../../../src/cli/run';
import { mpi } from '../../../../src/mpi';
import { launched } from '../../../../src/mpi/library';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('three shards are refused in one process, and a shard a rank under a launcher of three', () => {
  const settings = { shards: 3, wire: 'dense', wireRank: 1, batch: 12 } as const;
  expect(() => checkSharing(settings)).toThrow('cli/shards');
  vi.stubEnv('PMI_SIZE', '3');
  vi.stubEnv('PMI_RANK', '1');
  expect(() => checkSharing(settings)).not.toThrow();
});

/** Seen with Slurm 22.05.8, MPICH 4.0.2 and Open MPI 4.1.4 of Debian 12: the second of two processes, what counts of each. */
const job = { SLURM_JOB_ID: '7', SLURM_NTASKS: '2', SLURM_NPROCS: '2' };
const step = { ...job, SLURM_STEP_ID: '0', SLURM_STEP_NUM_TASKS: '2', SLURM_PROCID: '1', SLURM_LOCALID: '1' };
const pmix = { PMIX_NAMESPACE: 'slurm.pmix.7.0', SLURM_MPI_TYPE: 'pmix' };
const several = {
  'mpiexec of MPICH': { PMI_FD: '6', PMI_RANK: '1', PMI_SIZE: '2' },
  'mpiexec of Open MPI': { OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '2', PMIX_RANK: '1' },
  'srun --mpi=pmi2': { ...step, PMI_FD: '13', PMI_RANK: '1', PMI_SIZE: '2', SLURM_MPI_TYPE: 'pmi2' },
  'srun --mpi=pmix': { ...step, ...pmix, PMIX_RANK: '1' },
  // Both ask srun for a daemon a machine: its tasks are not the ranks.
  'mpiexec of MPICH in a job': { ...step, SLURM_STEP_NUM_TASKS: '1', SLURM_PROCID: '0', PMI_RANK: '1', PMI_SIZE: '2' },
  'mpiexec of Open MPI in a job': {
    ...step,
    ...{ SLURM_STEP_NUM_TASKS: '1', SLURM_PROCID: '0', PMIX_NAMESPACE: '1129971713', PMIX_RANK: '1' },
    ...{ OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '2' },
  },
};

describe.each(Object.entries(several))('%s', (name, environment) => {
  it('is known, and the rank of the process', () => {
    const family = name.includes('MPICH') || name.includes('pmi2') ? 'MPICH' : 'Open MPI';
    expect(launched(environment)).toMatchObject({ rank: 1, size: 2, family: { name: family } });
    expect(() => checkAlone(environment)).not.toThrow();
  });
});

it('srun without MPI is refused, by its number of tasks', async () => {
  expect(launched(step)).toBeNull();
  expect(() => checkAlone(step)).toThrow(/mpi\/unknown-launcher.*one of 2 tasks/s);
  for (const [key, value] of Object.entries(step)) vi.stubEnv(key, value);
  await expect(mpi()).rejects.toMatchObject({ code: 'mpi/unknown-launcher' });
});

it.each([['train'], ['finetune', 'no-such-model']])('%s says so before it reads or writes a file', async (...given) => {
  const said: string[] = [];
  const screen = { write: (part: string) => said.push(part), isTTY: false };
  const argv = [...given, '--data', 'no-such-file'];
  expect(await run(argv, { stdout: screen, stderr: screen, cwd: '.', env: step })).toBe(1);
  expect(said.join('')).toContain('mpi/unknown-launcher');
});

it('another launcher of PMIx is refused, whose number of processes is not known', () => {
  expect(() => checkAlone({ PMIX_RANK: '0', PMIX_NAMESPACE: 'prterun-7@1' })).toThrow(/mpi\/unknown-launcher.*PMIx/s);
});

const alone = {
  'no launcher': {},
  'a batch script of two tasks': { ...job, SLURM_PROCID: '0', SLURM_LOCALID: '0', SLURM_TASKS_PER_NODE: '2' },
  'a command of salloc': job,
  'the shell of salloc': { ...step, SLURM_STEP_ID: '4294967290', SLURM_STEP_NUM_TASKS: '1', SLURM_PROCID: '0' },
  'srun -n 1': { ...step, SLURM_NTASKS: '1', SLURM_STEP_NUM_TASKS: '1', SLURM_PROCID: '0' },
  'srun --mpi=pmi2 -n 1': { ...step, SLURM_STEP_NUM_TASKS: '1', SLURM_PROCID: '0', PMI_RANK: '0', PMI_SIZE: '1' },
  'srun --mpi=pmix -n 1': { ...step, ...pmix, SLURM_STEP_NUM_TASKS: '1', SLURM_PROCID: '0', PMIX_RANK: '0' },
};

it.each(Object.entries(alone))('%s: one process, which needs no library', async (_, environment) => {
  expect(await openRanks(environment)).toBeNull();
  expect(() => checkAlone(environment)).not.toThrow();
});

function isSocket(file: number): boolean {
  try {
    return fstatSync(file).isSocket();
  } catch {
    return false; // it is not open
  }
}

describe('which launcher it was', () => {
  const mpich = { PMI_SIZE: '2', PMI_RANK: '1' };
  const openMpi = { OMPI_COMM_WORLD_SIZE: '4', OMPI_COMM_WORLD_RANK: '3' };
  const family = (environment: Readonly<Record<string, string>>) => launched(environment)?.family.name;

  it('is the only one that has left something', () => {
    expect(launched({})).toBeNull();
    expect(launched(mpich)).toMatchObject({ family: { name: 'MPICH' }, rank: 1, size: 2 });
    expect(launched(openMpi)).toMatchObject({ family: { name: 'Open MPI' }, rank: 3, size: 4 });
  });

  it('is MPICH beside what Open MPI has left where its channel is open, and otherwise Open MPI', async () => {
    const both = { ...mpich, ...openMpi };
    expect(family(both)).toBe('Open MPI');
    for (const closed of ['999', 'no number', String(openSync('/dev/null', 'r'))])
      expect(family({ ...both, PMI_FD: closed })).toBe('Open MPI');
    const server = createServer().listen(0);
    await once(server, 'listening');
    const socket = Array.from({ length: 1000 }, (_, file) => file).findLast(isSocket);
    expect(family({ ...both, PMI_FD: String(socket) })).toBe('MPICH');
    server.close();
  });
});
