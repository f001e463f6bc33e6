import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inProcess } from '../../src/mpi';
import { inThreads, rankProgram } from './in-threads';

/** As root, and with more ranks than cores, Open MPI starts only when told to. */
const environment = {
  ...process.env,
  OMPI_ALLOW_RUN_AS_ROOT: '1',
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  OMPI_MCA_rmaps_base_oversubscribe: '1',
};

const launchers = ['mpiexec.mpich', 'mpiexec.openmpi'] as const;
const missing = launchers.filter((launcher) => spawnSync(launcher, ['--version']).error !== undefined);
if (missing.length > 0 && process.env.FLORAGRAD_REQUIRE_MPI === '1')
  throw new Error(`there is no ${missing.join(', ')}`);
if (missing.length > 0)
  console.info(`tests of MPI skipped: there is no ${missing.join(', ')} (apt-get install mpich openmpi-bin)`);

interface Ended {
  readonly code: number;
  /** What each rank found, by rank. */
  readonly found: readonly unknown[];
  readonly errors: string;
}

/** Run a job on ranks that a launcher starts. */
function launch(launcher: string, ranks: number, given: object, more: object = {}): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), 'floragrad-ranks-'));
  const command = ['-n', String(ranks), process.execPath, program.file, JSON.stringify({ ...given, folder })];
  const options = { env: { ...environment, ...more }, timeout: 50_000 };
  return new Promise((resolve) => {
    const child = execFile(launcher, command, options, (_, _stdout, errors) => {
      const files = readdirSync(folder).sort(); // ranks of one digit
      const found = files.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
      rmSync(folder, { recursive: true });
      resolve({ code: child.exitCode ?? -1, found, errors });
    });
  });
}

let program: Awaited<ReturnType<typeof rankProgram>>;
beforeAll(async () => {
  mkdirSync('node_modules/.cache', { recursive: true });
  program = await rankProgram();
});
afterAll(() => program.remove());

describe.skipIf(missing.length > 0).each(launchers)('%s', (launcher) => {
  it('adds in either order to the bits of threads, with as many bytes', async () => {
    const lengths = [1, 5, 1000];
    for (const order of ['sequence', 'tree'] as const) {
      const { code, found } = await launch(launcher, 2, { job: 'sum', order, given: lengths });
      expect(code).toBe(0);
      expect(found).toEqual(await inThreads(program.file, inProcess(2, { order }), 'sum', lengths));
    }
  });

  it("adds in the library's own order, the same on all ranks and near the sum in ours", async () => {
    const { found } = await launch(launcher, 2, { job: 'sum', order: 'library', given: [64] });
    const [ours] = (await inThreads(program.file, inProcess(2), 'sum', [64])) as { sums: number[][] }[];
    const [a, b] = found as { sums: number[][]; bytes: number }[];
    expect(a).toEqual(b);
    a?.sums[0]?.forEach((x, i) => {
      expect(x).toBeCloseTo(ours?.sums[0]?.[i] as number, 2);
    });
  });

  it('broadcasts and gathers', async () => {
    const { found } = await launch(launcher, 2, { job: 'passing', given: 1000 });
    const all = [
      [0, 0],
      [1, 10],
    ];
    expect(found).toEqual(Array(2).fill({ same: true, all }));
  });

  it.each([
    [2, 'flora'],
    [3, 'compressed'], // vectors that do not divide by three, among others
  ] as const)('trains on %i ranks to the bits of threads: %s', async (ranks, method) => {
    const run = { method, steps: 4, shards: ranks };
    const { found } = await launch(launcher, ranks, { job: 'train', given: run });
    expect(found).toEqual(await inThreads(program.file, inProcess(ranks), 'train', run));
  });

  it('refuses unequal gradients on every rank', async () => {
    const { found } = await launch(launcher, 2, { job: 'unequal' });
    expect(found).toEqual(Array(2).fill({ code: 'mpi/unequal' }));
  });

  it('refuses a broadcast of other lengths, which Open MPI would take', async () => {
    const { code, found } = await launch(launcher, 2, { job: 'uneven', given: ['broadcast'] });
    expect([code, found]).toEqual([0, Array(2).fill(['mpi/unequal'])]);
  });

  it('is opened once', async () => {
    const { code, found } = await launch(launcher, 2, { job: 'twice' });
    expect([code, found]).toEqual([0, Array(2).fill('mpi/opened')]);
  });

  it('ends all ranks with a status that is not 0 where one of them throws', async () => {
    const { code, errors } = await launch(launcher, 2, { job: 'throwing' });
    expect(code).not.toBe(0);
    expect(errors).toContain('rank 1 is at fault');
  });

  it('refuses ranks that the library does not know of, as under the launcher of another MPI', async () => {
    const promised = launcher === 'mpiexec.mpich' ? { PMI_SIZE: '2', PMI_RANK: '0' } : { OMPI_COMM_WORLD_SIZE: '2' };
    const env = { ...environment, ...promised };
    const { status, stderr } = spawnSync(process.execPath, [program.file, '{"job":"sum","given":[1]}'], {
      env,
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain('mpi/launcher');
  });
});

describe.skipIf(missing.length > 0)('mpi', () => {
  it('says that koffi was used before, and takes no larger stacks', () => {
    const used = `import { createRequire } from 'node:module'; createRequire(process.cwd() + '/')('koffi').load('libc.so.6');`;
    const flags = ['--import', `data:text/javascript,${encodeURIComponent(used)}`];
    const env = { ...process.env, PMI_SIZE: '1', PMI_RANK: '0' };
    const given = [...flags, program.file, '{"job":"sum","given":[1]}'];
    const { status, stderr } = spawnSync(process.execPath, given, { env, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/\[mpi\/koffi\].*call mpi\(\) before/s);
  });

  it('without a launcher says how to start one', () => {
    const { status, stderr } = spawnSync(process.execPath, [program.file, '{"job":"sum","given":[1]}'], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain('mpi/no-launcher');
    expect(stderr).toContain('mpiexec -n 4 node program.js');
  });
});
