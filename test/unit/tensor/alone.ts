import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

/**
 * Bundle a TypeScript file and return what a plain `node` prints as JSON: for what belongs to a process. With one malloc
 * arena, since those of V8's compiler threads come and go with the code they compile: 5 to 8 MB of resident memory.
 */
export async function runAlone<T>(file: string, argument: string, flags: readonly string[] = []): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'floragrad-'));
  try {
    const bundle = join(folder, 'bundle.mjs');
    await build({ entryPoints: [file], outfile: bundle, bundle: true, format: 'esm', platform: 'node' });
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, bundle, argument], {
      maxBuffer: 2 ** 26,
      env: { ...process.env, MALLOC_ARENA_MAX: '1' },
    });
    return JSON.parse(stdout) as T;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
