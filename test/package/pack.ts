import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Packed {
  readonly filename: string;
  /** Bytes of the archive. */
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** Run a program and give back what it prints; a failure rejects with its output. */
export async function run(cwd: string, program: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { cwd, shell: process.platform === 'win32' });
  return stdout;
}

/** The archive that would be published, written into a folder. */
export async function pack(folder: string): Promise<Packed> {
  const answer = await run('.', 'npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder);
  const [packed] = JSON.parse(answer) as [Packed];
  return packed;
}

/** A new project, `name` beside the archive, with the package in it and nothing else. */
export async function install(folder: string, name: string, { filename }: Packed): Promise<string> {
  const project = join(folder, name);
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{ "private": true }');
  const sparing = ['--offline', '--no-audit', '--no-fund', '--omit=optional', '--ignore-scripts'];
  await run(project, 'npm', 'install', ...sparing, `../${filename}`);
  return project;
}
