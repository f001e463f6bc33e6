import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build, type Plugin } from 'esbuild';
import type { Options } from 'tsup';
import configuration from '../../tsup.config';

/** The names that users import, and the sources behind them. */
const entries = {
  floragrad: 'index',
  'floragrad/study': 'study',
  'floragrad/laws': 'laws',
  'floragrad/gpu': 'gpu',
  'floragrad/mpi': 'mpi',
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
    plugins: (configuration as Options[])[0]?.esbuildPlugins as Plugin[], // texts of the report
  });
  copyData(folder);
  return folder;
}

/** What the package has beside its built files. */
function copyData(folder: string): void {
  if (existsSync('dist/data')) cpSync('dist/data', join(folder, 'data'), { recursive: true });
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

/** Where a program runs and what it finds in its environment: by default a folder of its own, and what this process has. */
interface Place {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Bundle a TypeScript program with the library's sources, run it in a Node of its own, and give back the lines it prints. */
export async function runScript(
  source: { readonly code: string } | { readonly file: string },
  place: Place = {},
): Promise<string[]> {
  return inFolder(async (folder) => {
    const outfile = join(folder, 'script.mjs');
    const entry =
      'file' in source
        ? { entryPoints: [source.file] }
        : { stdin: { contents: source.code, loader: 'ts' as const, resolveDir: '.' } };
    await build({ ...entry, ...(await settings()), outfile });
    copyData(folder); // for a program that has the library in itself
    return linesOf(await inNode(outfile, { cwd: folder, ...place }));
  });
}

/**
 * The same for many short programs, one after the other in one Node, which starts a process once and not for each: they
 * must leave the library as they found it. A program that throws has the error as its last line.
 */
export async function runScripts(codes: readonly string[]): Promise<string[][]> {
  return inFolder(async (folder) => {
    codes.forEach((code, i) => {
      writeFileSync(join(folder, `${i}.ts`), code);
    });
    const entryPoints = codes.map((_, i) => join(folder, `${i}.ts`));
    await build({ entryPoints, ...(await settings()), outdir: folder, outExtension: { '.js': '.mjs' } });
    const runner = join(folder, 'all.mjs');
    writeFileSync(runner, oneAfterTheOther(codes.length));
    return JSON.parse(await inNode(runner, { cwd: folder })) as string[][];
  });
}

/** A program that imports `0.mjs`, `1.mjs` and so on, and prints the lines of each. */
const oneAfterTheOther = (count: number): string => `
import { format } from 'node:util';
const all = [];
for (let i = 0; i < ${count}; i++) {
  let printed = '';
  console.log = (...values) => (printed += format(...values) + '\\n');
  await import('./' + i + '.mjs').catch((error) => console.log(String(error)));
  all.push(printed.trimEnd().split('\\n'));
}
process.stdout.write(JSON.stringify(all));
`;

async function settings() {
  library ??= bundled();
  const shared = { bundle: true, format: 'esm', platform: 'node', target: 'node20', logLevel: 'silent' } as const;
  return { plugins: [fromLibrary(await library)], ...shared };
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'floragrad-script-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function inNode(file: string, { cwd, env }: Place): Promise<string> {
  const options = { cwd, env: { ...process.env, ...env }, timeout: limit };
  return (await promisify(execFile)(process.execPath, [file], options)).stdout;
}

const linesOf = (stdout: string): string[] => stdout.trimEnd().split('\n');
