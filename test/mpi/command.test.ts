import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FineTuneOutput } from '../../src/cli/finetune/summary';
import type { TrainOutput } from '../../src/cli/train/output';
import { builtCommand } from '../integration/command';

/** As root, and with more ranks than cores, Open MPI starts only when told to. */
const environment = {
  ...process.env,
  OMPI_ALLOW_RUN_AS_ROOT: '1',
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  OMPI_MCA_rmaps_base_oversubscribe: '1',
  NO_COLOR: '1',
};

const launchers = ['mpiexec.mpich', 'mpiexec.openmpi'] as const;
const missing = launchers.some((launcher) => spawnSync(launcher, ['--version']).error !== undefined);

// Where koffi is found: beside the packages of this folder.
mkdirSync('node_modules/.cache', { recursive: true });
const built = mkdtempSync(join(resolve('node_modules/.cache'), 'command-'));
const cwd = mkdtempSync(join(tmpdir(), 'floragrad-command-'));
const elsewhere = join(cwd, 'elsewhere');
afterAll(() => {
  for (const folder of [built, cwd]) rmSync(folder, { recursive: true });
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let command = '';

/** A resolver in which there is no koffi, as a URL for --import. */
const noKoffi = `export const resolve = (name, context, next) => {
  if (name === 'koffi') throw new Error("Cannot find package 'koffi'");
  return next(name, context);
};`;
const asModule = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`;
const withoutKoffi = asModule(
  `import { register } from 'node:module'; register(${JSON.stringify(asModule(noKoffi))});`,
);

/** Start a program; `watch` may do something while it runs, and gets a mark that its processes have in their environment. */
async function ended(
  file: string,
  argv: readonly string[],
  watch?: (mark: string) => unknown,
  more: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const mark = randomUUID();
  const env = { ...environment, FLORAGRAD_RUN: mark, ...more };
  const child = spawn(file, argv, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (part: string) => {
      written[name] += part;
    });
  const closed = new Promise<number | null>((done) => child.on('close', done));
  await watch?.(mark);
  return { status: await closed, ...written };
}

/** The process of a rank, by what is in its environment. */
function pidOfRank(mark: string, rank: number): number {
  const entries = [`PMI_RANK=${rank}`, `OMPI_COMM_WORLD_RANK=${rank}`];
  const found = readdirSync('/proc').find((pid) => {
    const environ = join('/proc', pid, 'environ');
    if (!/^\d+$/.test(pid) || !existsSync(environ)) return false;
    try {
      const environment = readFileSync(environ, 'utf8').split('\0');
      return environment.includes(`FLORAGRAD_RUN=${mark}`) && entries.some((entry) => environment.includes(entry));
    } catch {
      return false; // it ended meanwhile
    }
  });
  return Number(found);
}

/** Wait until a run has been saved. */
async function savedIn(folder: string): Promise<void> {
  for (let tries = 0; tries < 6000; tries++) {
    if (existsSync(join(cwd, folder, 'flora-rank-4-seed-0', 'checkpoint.json'))) return;
    await sleep(5);
  }
}

const alone = (...argv: string[]) => ended(process.execPath, [command, ...argv]);
const onRanks = (launcher: string, ...argv: string[]) =>
  ended(launcher, ['-n', '2', process.execPath, command, ...argv]);
const numbersIn = <Output>(name: string): Output => JSON.parse(readFileSync(join(cwd, name), 'utf8')) as Output;

const tiny =
  '--data text.txt --batch 4 --context 8 --width 8 --heads 2 --layers 1 --rank 4 --sample 0 --threads 1 --shards 4'.split(
    ' ',
  );
/** With dropout, refreshes and an evaluation. */
const training = [
  'train',
  ...tiny,
  ...'--optimizer flora --refresh-every 3 --dropout 0.1 --steps 60 --seeds 1'.split(' '),
];

/** What does not depend on the number of ranks: everything but times, memory and bytes. */
function decided(name: string): unknown {
  const { runs, sample } = numbersIn<TrainOutput>(name);
  return [
    runs.map(({ trainLoss, validationLoss, digest, steps }) => [trainLoss, validationLoss, digest, steps]),
    sample,
  ];
}

describe.skipIf(missing)('the command', () => {
  beforeAll(async () => {
    command = await builtCommand(built);
    writeFileSync(join(cwd, 'text.txt'), 'the quick brown fox jumps over the lazy dog\n'.repeat(40));
    const whole = await alone(
      ...training,
      '--checkpoint',
      'alone',
      '--json',
      'alone.json',
      '--save',
      'base.safetensors',
    );
    expect([whole.status, whole.stderr]).toEqual([0, '']);
    const tuned = await alone('finetune', 'base.safetensors', ...tuning, '--json', 'tuned-alone.json');
    expect([tuned.status, tuned.stderr]).toEqual([0, '']);
    // The same text, and a base of the same name and shapes with other numbers.
    mkdirSync(elsewhere);
    copyFileSync(join(cwd, 'text.txt'), join(elsewhere, 'text.txt'));
    const other = join(elsewhere, 'base.safetensors');
    expect((await alone(...training, '--steps', '1', '--save', other)).status).toBe(0);
    cpSync(join(cwd, 'alone'), join(elsewhere, 'alone'), { recursive: true });
    const record = join(elsewhere, 'alone', 'flora-rank-4-seed-0', 'checkpoint.json');
    writeFileSync(record, readFileSync(record, 'utf8').replace(/("trainLoss",\{"list":\[)\d/, '$1 9'));
  }, 60_000);

  const tuning = [
    ...'--data text.txt --rank 2 --steps 4 --batch 4 --threads 1 --shards 4'.split(' '),
    // Those whose states depend on gradients, on draws of their own, and on counts of steps.
    ...'--method lora,plora,geo-lora,flat-lora,ada-lora,re-lora,ro-lora,flora'.split(' '),
  ];

  describe.each(launchers)('on two ranks of %s', (launcher) => {
    it('is killed in one of them, ends, and goes on in one process to the numbers of a run left alone', async () => {
      const folder = `saved-${launcher}`;
      const argv = [
        ...training,
        '--ranks',
        '2',
        '--launcher',
        launcher,
        '--checkpoint',
        folder,
        '--checkpoint-every',
        '4',
      ];
      const killed = await ended(process.execPath, [command, ...argv], async (mark) => {
        await savedIn(folder);
        process.kill(pidOfRank(mark, 1), 'SIGKILL');
      });
      expect(killed.status).toBeGreaterThan(2);
      expect(killed.stderr.match(/^floragrad: .*$/gm)).toEqual([expect.stringContaining('a rank ended early')]);
      const resumed = await alone(...training, '--resume', folder, '--json', `${folder}.json`);
      expect(resumed.stderr).toBe('');
      expect(resumed.status).toBe(0);
      expect(Number(/goes on from step (\d+) of 60/.exec(resumed.stdout)?.[1])).toBeLessThan(60);
      expect(decided(`${folder}.json`)).toEqual(decided('alone.json'));
    });

    it('tunes adapters to the numbers of one process', async () => {
      const name = `tuned-${launcher}.json`;
      const tuned = await onRanks(launcher, 'finetune', 'base.safetensors', ...tuning, '--json', name);
      expect([tuned.status, tuned.stdout.match(/^data /gm)?.length]).toEqual([0, 1]);
      expect(tuned.stdout).toMatch(/2 ranks, [\d.]+ KiB a step, \d+ % waiting, 4 shards, digest [0-9a-f]{8}/);
      expect(tuned.stdout).not.toContain('\u001b'); // Open MPI hands its ranks a terminal
      const numbers = (file: string) =>
        numbersIn<FineTuneOutput>(file).runs.map(({ digest, trainLoss, startLoss, validationLoss }) => {
          return { digest, trainLoss, startLoss, validationLoss };
        });
      expect(numbers(name)).toEqual(numbers('tuned-alone.json'));
    });

    it('says once what all ranks are at fault of', async () => {
      const failed = await onRanks(launcher, ...training, '--data', 'nowhere.txt');
      expect(failed.status).toBe(1);
      expect(failed.stderr.match(/^floragrad: .*$/gm)).toEqual([expect.stringContaining('[data/read]')]);
      const counted = await onRanks(launcher, ...training, '--ranks', '4');
      expect(counted.stderr.match(/^floragrad: .*$/gm)).toEqual([expect.stringContaining('[cli/ranks] --ranks 4')]);
    });

    it('says how to have the numbers again: with the shards that were as many as ranks', async () => {
      const [name, ...rest] = training;
      const unsaid = rest.filter((word, i) => word !== '--shards' && rest[i - 1] !== '--shards');
      const { status } = await onRanks(launcher, String(name), ...unsaid, '--steps', '1', '--json', `${launcher}.json`);
      expect(status).toBe(0);
      expect(numbersIn<TrainOutput>(`${launcher}.json`).command).toMatch(/ --shards 2$/);
    });

    it('refuses ranks that were not started alike', async () => {
      const program = ['-n', '1', process.execPath, command, ...training];
      const failed = await ended(launcher, [...program, ':', ...program, '--width', '16']);
      expect(failed.status).toBe(1);
      expect(failed.stderr.match(/^floragrad: .*$/gm)).toEqual([expect.stringContaining('[cli/ranks-differ]')]);
    });

    it.each([
      ['base', () => ['finetune', 'base.safetensors', ...tuning]],
      ['checkpoint', () => [...training, '--resume', 'alone']],
    ])('refuses a %s that another rank does not have', async (what, argv) => {
      const program = [process.execPath, command, ...argv()];
      const failed = await ended(launcher, ['-n', '1', ...program, ':', '-n', '1', '-wdir', elsewhere, ...program]);
      expect(failed.status).toBe(1);
      expect(failed.stderr.match(/^floragrad: .*$/gm)).toEqual([
        expect.stringContaining(`[cli/ranks-differ] the ${what} of rank 1 is not that of rank 0`),
      ]);
    });

    it('says once that koffi is missing, and ends the ranks that have it', async () => {
      const program = ['-n', '1', process.execPath, '--import', withoutKoffi, command, ...training];
      const failed = await ended(launcher, [...program, ':', ...program]);
      expect(failed.status).toBe(1);
      expect(failed.stderr.match(/^floragrad: .*$/gm)).toEqual([
        expect.stringMatching(/^floragrad: \[mpi\/not-installed\]/),
      ]);
      if (launcher !== 'mpiexec.mpich') return; // that of Open MPI ends all ranks by itself
      const sound = ['-n', '1', process.execPath, command, ...training];
      expect((await ended(launcher, [...program, ':', ...sound])).status).toBe(1);
    });

    it('trains where a rank of the other MPI has left its variables', async () => {
      const left: Readonly<Record<string, string>> =
        launcher === 'mpiexec.mpich'
          ? { OMPI_COMM_WORLD_SIZE: '3', OMPI_COMM_WORLD_RANK: '0' }
          : { PMI_SIZE: '3', PMI_RANK: '0', PMI_FD: '6' };
      const program = ['-n', '2', process.execPath, command, ...training, '--steps', '1'];
      const { status, stdout } = await ended(launcher, program, undefined, left);
      expect([status, /\d ranks/.exec(stdout)?.[0]]).toEqual([0, '2 ranks']);
    });
  });

  it('says that npx has closed the channel of a launcher', async () => {
    const program = [
      '-n',
      '1',
      'bash',
      '-c',
      'eval "exec $PMI_FD>&-"; exec "$0" "$@"',
      process.execPath,
      command,
      ...training,
    ];
    const failed = await ended('mpiexec.mpich', program);
    expect(failed.status).toBe(1);
    expect(failed.stderr.match(/^.*(floragrad|Abort).*$/gm)).toEqual([
      expect.stringMatching(/mpi\/launcher.*PMI_FD.*npx/),
    ]);
  });
});
