import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Options } from 'tsup';
import configuration from '../../tsup.config';

/** The command as the package has it, built from the sources into a folder; the path of the file to run. What draws figures is beside it. */
export async function builtCommand(folder: string): Promise<string> {
  const outfile = join(folder, 'cli.mjs');
  const { esbuildPlugins = [] } = (configuration as Options[]).find(
    ({ entry }) => entry !== undefined && 'cli' in entry,
  ) as Options;
  const common = { bundle: true, format: 'esm', target: 'node20', logLevel: 'silent' } as const;
  await build({
    ...common,
    entryPoints: ['src/cli/main.ts'],
    outfile,
    external: ['gpu.js', 'koffi'],
    plugins: esbuildPlugins as NonNullable<Parameters<typeof build>[0]['plugins']>,
    platform: 'node',
  });
  await build({
    ...common,
    entryPoints: ['src/cli/figures/render-figure.ts'],
    outfile: join(folder, 'render-figure.js'),
    platform: 'neutral',
    mainFields: ['module', 'main'],
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
