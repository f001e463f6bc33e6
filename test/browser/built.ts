import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { bundle } from './bundle';

/** Why pages with the built package cannot be tested; null: they can. In CI a package that is not built is a failure. */
export const builtMissing = existsSync('dist/gpu.js') ? null : 'skipped: dist is not built (npm run build)';
/** Tests in a browser, above all those of a GPU in software, take minutes: they run where they are asked for, as CI does. */
export const unasked =
  process.env.FLORAGRAD_REQUIRE_BROWSER === '1'
    ? null
    : 'skipped: minutes, where FLORAGRAD_REQUIRE_BROWSER=1 asks for it';
if (builtMissing && process.env.FLORAGRAD_REQUIRE_BROWSER === '1') throw new Error(builtMissing);

/** The front doors as tests import them, and what a page gets instead. */
const doors = new Map(['index', 'gpu', 'laws'].map((name) => [resolve(`src/${name}.ts`), `/dist/${name}.js`]));

/** The only sources that may be in a page beside the package: they keep no state that the package would miss. */
const harmless =
  /^(src\/(base|laws)\/|src\/backend\/(reference|contract|attention-spec|checks)\/|test\/|node_modules\/)/;

/** Imports of `src/index` and its neighbours become those of the built package; a second copy of the engine is an error. */
const againstBuilt: Plugin = {
  name: 'against the built package',
  setup(builder) {
    builder.onResolve({ filter: /^\.\.?\// }, async ({ path, resolveDir }) => {
      const file = resolve(resolveDir, path);
      const door = doors.get(`${file}.ts`);
      if (door !== undefined) return { path: door, external: true };
      if (harmless.test(`${file.slice(resolve('.').length + 1)}/`)) return null;
      return { errors: [{ text: `${path} would bring a second copy of the engine into the page` }] };
    });
  },
};

/** A script of a test as a module for pages in which the built package is under /dist. */
export async function scriptFor(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    external: ['fast-check'],
    plugins: [againstBuilt],
    write: false,
    logLevel: 'error',
  });
  return (outputFiles[0] as { text: string }).text;
}

/** Where a page finds the packages that floragrad does not bring along. */
export const imports = { 'gpu.js': '/peers/gpu.js', 'fast-check': '/peers/fast-check.js' };

/** The files of a static server with the built package, both peers, and these pages. */
export async function siteOf(pages: Readonly<Record<string, string>>): Promise<(path: string) => string | undefined> {
  const peers: Record<string, string> = {
    '/peers/gpu.js': await bundle('gpu.js'),
    '/peers/fast-check.js': await bundle('fast-check'),
  };
  return (path) => {
    const known = pages[path] ?? peers[path];
    if (known !== undefined) return known;
    return path.startsWith('/dist/') && existsSync(`.${path}`) ? readFileSync(`.${path}`, 'utf8') : undefined;
  };
}
