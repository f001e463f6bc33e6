import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { run } from '../../../src/cli/run';

/** A folder of its own for the commands of one test file; goes when the file is done. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'floragrad-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What a command line wrote, and how it ended; `pieces` are the writes to stdout. */
export async function captured(cwd: string, argv: readonly string[], { isTTY = false } = {}) {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const sink = (parts: string[]) => ({ write: (part: string) => parts.push(part), isTTY });
  const status = await run(argv, { stdout: sink(stdout), stderr: sink(stderr), cwd, env: { NO_COLOR: '1' } });
  return { stdout: stdout.join(''), stderr: stderr.join(''), status, pieces: stdout };
}

/** A text long enough for the tiny model of `tinyTraining`. */
export function writeText(folder: string): string {
  const file = join(folder, 'text.txt');
  writeFileSync(file, 'the quick brown fox jumps over the lazy dog\n'.repeat(20));
  return file;
}

/** Options that make a training run a matter of milliseconds. */
export const tinyTraining =
  '--steps 4 --batch 2 --context 8 --width 8 --heads 2 --layers 1 --rank 4 --sample 12 --seeds 1 --seed 0'.split(' ');
