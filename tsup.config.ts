import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { defineConfig, type Options } from 'tsup';

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

/** `import text from './file?raw'` gives the text of the file, as in Vite. */
const raw: Plugin = {
  name: 'raw',
  setup(build) {
    build.onResolve({ filter: /\?raw$/ }, ({ path, importer }) => {
      const file = path.replace(/\?raw$/, '');
      const found = file.startsWith('.') ? resolve(dirname(importer), file) : createRequire(importer).resolve(file);
      // The suffix keeps tsup's own CSS plugin away; the path is written into the bundle, so it starts in this folder.
      return { path: `${relative('.', found).replaceAll('\\', '/')}?raw`, namespace: 'raw', pluginData: found };
    });
    build.onLoad({ filter: /.*/, namespace: 'raw' }, async ({ pluginData }) => ({
      contents: await readFile(pluginData as string, 'utf8'),
      loader: 'text',
    }));
  },
};

/** CommonJS inside requires Node's modules, and an ES module has no `require` for it. */
const builtins: Plugin = {
  name: 'builtins',
  setup(build) {
    build.onResolve({ filter: /./ }, ({ path, kind }) =>
      kind === 'require-call' && isBuiltin(path) ? { path, namespace: 'builtin' } : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

/** Keep what esbuild says of the bundles, for scripts/build-notices.mjs. */
function kept(name: string): Plugin {
  return {
    name: 'kept metafile',
    setup(build) {
      build.onEnd(async ({ metafile }) => {
        if (metafile === undefined) return; // the build failed, or was started without one
        const folder = 'node_modules/.cache/metafiles';
        await mkdir(folder, { recursive: true });
        await writeFile(`${folder}/${name}.json`, JSON.stringify(metafile));
      });
    },
  };
}

const entries = {
  index: 'src/index.ts',
  study: 'src/study.ts',
  laws: 'src/laws.ts',
  gpu: 'src/gpu.ts',
  node: 'src/node.ts',
};

export default defineConfig([
  {
    // One build of everything, so that the command and the entries share their code: a projector that a user's module makes
    // with `floragrad` is handed to `floragrad study`, and its tensors are the command's.
    format: 'esm',
    target: 'es2022',
    outDir: 'dist',
    sourcemap: true,
    minify: false,
    keepNames: false,
    entry: { ...entries, cli: 'src/cli/main.ts' },
    platform: 'node',
    removeNodeProtocol: false,
    // No dependency: what the command uses is inside. gpu.js and fast-check are optional peers, which the library imports.
    noExternal: [/^(?!gpu\.js$|fast-check$|node:)/],
    external: ['gpu.js', 'fast-check', /^node:/],
    dts: { entry: entries },
    esbuildPlugins: [raw, builtins, kept('dist')],
  },
  {
    // What draws a figure: a program of its own, since the command starts it only for a report of a study.
    format: 'esm',
    target: 'es2022',
    outDir: 'dist',
    entry: { 'render-figure': 'src/cli/figures/render-figure.ts' },
    platform: 'neutral', // Vega without the files, addresses and canvas that it has for Node
    noExternal: [/.*/],
    minify: true,
    esbuildOptions(options) {
      options.mainFields = ['module', 'main'];
    },
    esbuildPlugins: [kept('render-figure')],
  },
]);
