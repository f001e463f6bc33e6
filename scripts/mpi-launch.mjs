// Runs of `floragrad train` on ranks, for the scripts that repeat them: started, watched, killed, read. Linux.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export const launchers = { MPICH: 'mpiexec.mpich', 'Open MPI': 'mpiexec.openmpi' };
export const command = resolve('dist/cli.js');

/** A GPT with dropout, evaluation at its end and refreshes inside, cut into four shards. */
export const smallRun = (steps) =>
  `train --data names --optimizer flora --rank 4 --refresh-every 5 --dropout 0.1 --steps ${steps} --batch 4 --context 16
   --width 16 --heads 2 --layers 1 --seeds 1 --sample 0 --shards 4 --threads 1 --report report.html --json out.json`.split(
    /\s+/,
  );

/** As root, and with more ranks than cores, Open MPI starts only when told to. */
const allowed = {
  OMPI_ALLOW_RUN_AS_ROOT: '1',
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  OMPI_MCA_rmaps_base_oversubscribe: '1',
};

/** Start a command line on ranks; no launcher: in this process's child alone. `ended` has status, output and seconds. */
export function start(launcher, ranks, argv, cwd) {
  const program = [command, ...argv];
  return launcher
    ? startProgram(launcher, ['-n', String(ranks), process.execPath, ...program], cwd)
    : startProgram(process.execPath, program, cwd);
}

/** Start any program as `start` does, with more in its environment, and end it after `seconds`. */
export function startProgram(file, given, cwd, { more = {}, seconds: most = 120 } = {}) {
  const mark = randomUUID();
  const began = performance.now();
  const child = spawn(file, given, {
    cwd,
    env: { ...process.env, ...allowed, NO_COLOR: '1', FLORAGRAD_RUN: mark, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part) => {
      output += part;
    });
  }
  const patience = setTimeout(() => child.kill('SIGKILL'), 1000 * most);
  const ended = new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (status, signal) => {
      clearTimeout(patience);
      done({ status, hung: signal === 'SIGKILL', output, seconds: (performance.now() - began) / 1000 });
    });
  });
  return { ended, pidOf: (rank) => pidOf(mark, rank), seconds: () => (performance.now() - began) / 1000 };
}

/** The process of a rank, by the marks in its environment; undefined where it has not begun. */
function pidOf(mark, rank) {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    let environment;
    try {
      environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    } catch {
      continue; // it is gone, or another user's
    }
    const ofRank = [`PMI_RANK=${rank}`, `OMPI_COMM_WORLD_RANK=${rank}`].some((entry) => environment.includes(entry));
    if (ofRank && environment.includes(`FLORAGRAD_RUN=${mark}`)) return Number(pid);
  }
  return undefined;
}

export const digestIn = (file) => JSON.parse(readFileSync(file, 'utf8')).runs[0].digest;
