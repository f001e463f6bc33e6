import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { BackendError, OptionError } from '../../index';
import { type Communicator, mpi } from '../../mpi';
import { launched } from '../../mpi/library';
import { tasksOf, unknownLauncher } from '../../mpi/tasks';
import { reason } from '../../node/write';
import { without } from '../options';
import type { Io } from '../terminal/io';

interface StartSettings {
  readonly ranks: number;
  readonly shards?: number | undefined;
  readonly launcher: string;
}

/**
 * The ranks of which this process is one, where a launcher started it; null where none did. The only task of a step of
 * Slurm is a process like any other and asks for no library: a cluster may give every step PMIx.
 * @throws BackendError `mpi/not-installed`, `mpi/library`, `mpi/launcher`
 */
export async function openRanks(env: Io['env']): Promise<Communicator | null> {
  const place = launched(env);
  const only = place?.size === 1 && tasksOf(env) === 1;
  return place === null || only ? null : mpi();
}

/**
 * Refuse to be one of several processes that do not know of each other.
 * @throws BackendError `mpi/unknown-launcher`
 */
export function checkAlone(env: Io['env']): void {
  const unknown = launched(env) === null ? unknownLauncher(env) : null;
  if (unknown) throw unknown;
}

/** @throws OptionError `cli/ranks` where `--ranks` is not the number that a launcher started */
export function checkCount(ranks: number | undefined, size: number): void {
  if (ranks !== undefined && ranks !== size) throw otherCount(ranks, size);
}

/** The command line of each rank. Shards are said, so that the numbers can be had again on any number of ranks. */
export function rankArguments(argv: readonly string[], { ranks, shards }: StartSettings): string[] {
  const rest = without(argv, ['--ranks', '--launcher']);
  return shards === undefined ? [...rest, '--shards', String(ranks)] : rest;
}

/**
 * Start this program again, as ranks of a launcher, and wait for its end; the exit status.
 * @throws BackendError `cli/launcher`
 */
export async function startRanks(
  command: string,
  argv: readonly string[],
  settings: StartSettings,
  { stderr, cwd }: Io,
): Promise<number> {
  const { ranks, launcher } = settings;
  const program = [process.execPath, ...process.execArgv, process.argv[1] as string];
  const given = ['-n', String(ranks), ...program, command, ...rankArguments(argv, settings)];
  const child = spawn(launcher, given, { cwd, stdio: ['ignore', 'inherit', 'pipe'] });
  const heard = listen(child.stderr, stderr);
  let interrupted: NodeJS.Signals | undefined;
  const pass = (signal: NodeJS.Signals): void => {
    interrupted ??= signal;
    // A terminal sends its interrupt to the launcher as well, which takes a second one for impatience.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, pass);
  try {
    const status = await new Promise<number>((resolve, reject) => {
      child.on('error', (error) => reject(noLauncher(launcher, reason(error))));
      child.on('close', (code, signal) => resolve(code ?? statusOf(signal as NodeJS.Signals)));
    });
    // Launchers report an interrupt by a status of their own, of which 2 would be a wrong command line.
    if (interrupted) return statusOf(interrupted);
    if (status === 0) return 0;
    if (status === launcherFailed || (status <= 2 && !heard.fromRank())) throw launcherEnded(launcher, status);
    if (status > 2 && status !== statusOf('SIGPIPE')) stderr.write(`floragrad: ${ended(status)}\n`);
    return status;
  } finally {
    for (const signal of signals) process.off(signal, pass);
  }
}

/** Pass on what is said there, and tell whether a rank said something, as it does before it ends with 1 or 2. */
function listen(from: NodeJS.ReadableStream, to: Io['stderr']): { fromRank(): boolean } {
  let [found, last] = [false, ''];
  from.setEncoding('utf8').on('data', (part: string) => {
    to.write(part);
    found ||= /^floragrad: /m.test(last + part);
    last = (last + part).slice(-1000); // a line may come in parts
  });
  return { fromRank: () => found };
}

/** −1, as MPICH's launcher ends where it understands nothing of what it was told. */
const launcherFailed = 255;

/** The status of a program that a signal has ended, as shells give it. */
const statusOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/** A rank says itself what it failed of, with status 1 or 2; of one that was killed only the launcher knows. */
const ended = (status: number): string =>
  `a rank ended early, and with it all others (status ${status}); with --checkpoint, --resume goes on on any number of ranks`;

function noLauncher(launcher: string, why: string): BackendError {
  return new BackendError({
    code: 'cli/launcher',
    got: `${launcher} could not be started (${why})`,
    expected: 'the launcher of MPICH or of Open MPI, which starts the ranks',
    fix: 'apt-get install mpich, or name it with --launcher; --shards trains the same in one process',
  });
}

function launcherEnded(launcher: string, status: number): BackendError {
  return new BackendError({
    code: 'cli/launcher',
    got: `${launcher} ended with status ${status}, and no rank said why`,
    expected: 'the launcher of MPICH or of Open MPI, which starts the ranks',
    fix: 'see what it printed above, and what mpiexec -n 2 hostname says; --shards trains the same in one process',
  });
}

function otherCount(ranks: number, size: number): OptionError {
  return new OptionError({
    code: 'cli/ranks',
    got: `--ranks ${ranks} in a process that a launcher started as one of ${size}`,
    expected: 'one of the two, or the same number',
    fix: 'leave --ranks out: the launcher has started the ranks',
  });
}
