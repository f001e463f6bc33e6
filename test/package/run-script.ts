import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

/** The names that users import, and the sources behind them. */
const alias = {
  floragrad: resolve('src/index.ts'),
  'floragrad/study': resolve('src/study.ts'),
  'floragrad/laws': resolve('src/laws.ts'),
  'floragrad/node': resolve('src/node.ts'),
};

/** Longer than any of them takes on a busy machine; a program that hangs is ended. */
const limit = 60_000; // milliseconds

/** Bundle a TypeScript program with the library's sources, run it in a Node of its own, and give back the lines it prints. */
export async function runScript(source: { readonly code: string } | { readonly file: string }): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'floragrad-script-'));
  try {
    const outfile = join(folder, 'script.mjs');
    await build({
      ...('file' in source
        ? { entryPoints: [source.file] }
        : { stdin: { contents: source.code, loader: 'ts', resolveDir: '.' } }),
      alias,
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      logLevel: 'silent',
    });
    const { stdout } = await promisify(execFile)(process.execPath, [outfile], { cwd: folder, timeout: limit });
    return stdout.trimEnd().split('\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
