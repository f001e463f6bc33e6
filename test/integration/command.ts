import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Options } from 'tsup';
import configuration from '../../tsup.config';

/** The command as the package has it, built from the sources into a folder; the path of the file to run. */
export async function builtCommand(folder: string): Promise<string> {
  const outfile = join(folder, 'cli.mjs');
  const { esbuildPlugins = [], banner } = (configuration as Options[]).find(
    ({ entry }) => entry !== undefined && 'cli' in entry,
  ) as Options;
  await build({
    entryPoints: ['src/cli/main.ts'],
    outfile,
    bundle: true,
    external: ['gpu.js'],
    plugins: esbuildPlugins as NonNullable<Parameters<typeof build>[0]['plugins']>,
    banner: banner as { js: string },
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
  });
  return outfile;
}

/** How a process ended, and what it wrote. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Run a program to its end; `watch` sees what it has written so far. */
export async function ran(
  program: string,
  argv: readonly string[],
  cwd: string,
  watch: (stdout: string, child: ChildProcess) => void = () => {},
): Promise<Ended> {
  const child = spawn(program, argv, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (part: string) => {
      written[name] += part;
      watch(written.stdout, child);
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, ...written }));
  });
}
