// Run a TypeScript program with the sources of the library behind the names that users import:
//   node scripts/run-typescript.mjs FILE.ts [ARGUMENTS]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [file, ...rest] = process.argv.slice(2);
if (!file) {
  console.error('usage: node scripts/run-typescript.mjs FILE.ts [ARGUMENTS]');
  process.exit(2);
}
const source = (entry) => resolve(import.meta.dirname, '../src', `${entry}.ts`);
const folder = mkdtempSync(join(tmpdir(), 'floragrad-run-'));
const outfile = join(folder, 'program.mjs');
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
await build({
  entryPoints: [file],
  alias: { floragrad: source('index'), 'floragrad/study': source('study'), 'floragrad/laws': source('laws') },
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'error',
});
process.argv = [process.argv[0], file, ...rest];
await import(pathToFileURL(outfile).href);
