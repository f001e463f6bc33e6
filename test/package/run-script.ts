import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build, type Plugin } from 'esbuild';

/** The names that users import, and the sources behind them. */
const entries = {
  floragrad: 'index',
  'floragrad/study': 'study',
  'floragrad/laws': 'laws',
  'floragrad/gpu': 'gpu',
  'floragrad/node': 'node',
};

/** The library's sources, bundled once for all programs of a test file. */
let library: Promise<string> | undefined;

async function bundled(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'floragrad-library-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  await build({
    entryPoints: Object.values(entries).map((name) => `src/${name}.ts`),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    splitting: true,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
  });
  if (existsSync('dist/data')) cpSync('dist/data', join(folder, 'data'), { recursive: true });
  return folder;
}

/** Imports of the library in a program become those of its bundle. */
const fromLibrary = (folder: string): Plugin => ({
  name: 'library',
  setup({ onResolve }) {
    onResolve({ filter: /^floragrad(\/|$)/ }, ({ path }) => {
      const entry = entries[path as keyof typeof entries];
      return entry ? { path: pathToFileURL(join(folder, `${entry}.mjs`)).href, external: true } : undefined;
    });
  },
});

/** Longer than any of them takes on a busy machine; a program that hangs is ended. */
const limit = 60_000; // milliseconds

/** Bundle a TypeScript program with the library's sources, run it in a Node of its own, and give back the lines it prints. */
export async function runScript(source: { readonly code: string } | { readonly file: string }): Promise<string[]> {
  library ??= bundled();
  const plugins = [fromLibrary(await library)];
  const folder = mkdtempSync(join(tmpdir(), 'floragrad-script-'));
  try {
    const outfile = join(folder, 'script.mjs');
    await build({
      ...('file' in source
        ? { entryPoints: [source.file] }
        : { stdin: { contents: source.code, loader: 'ts', resolveDir: '.' } }),
      plugins,
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
