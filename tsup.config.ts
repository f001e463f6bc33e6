import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
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

/** Keep what esbuild says of a bundle, for scripts/build-notices.mjs. */
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

const common: Options = {
  format: 'esm',
  target: 'es2022',
  outDir: 'dist',
  sourcemap: true,
  minify: false,
  keepNames: false,
};

export default defineConfig([
  {
    // The library: no dependency, and no Node module in the core; gpu.js and fast-check are peers and stay outside.
    ...common,
    entry: {
      index: 'src/index.ts',
      study: 'src/study.ts',
      laws: 'src/laws.ts',
      gpu: 'src/gpu.ts',
      node: 'src/node.ts',
    },
    platform: 'neutral',
    removeNodeProtocol: false,
    external: [/^node:/], // of the entry `node` alone, which is built with the others so that they share their classes
    dts: true,
    esbuildPlugins: [kept('library')],
  },
  {
    // The command, with everything it uses inside, so that the package has no dependencies.
    ...common,
    entry: { cli: 'src/cli/main.ts' },
    sourcemap: false, // 2 MB, for which the library and what draws figures would not fit (docs/decisions/0024-figures.md)
    platform: 'node',
    noExternal: [/^(?!gpu\.js$)/],
    external: ['gpu.js'], // an optional peer, loaded when somebody asks for a GPU
    esbuildPlugins: [raw, kept('cli')],
    // cli-progress is CommonJS and requires Node modules, which an ES module can only do with a `require` of its own.
    banner: {
      js: "import { createRequire as createRequireHere } from 'node:module';\nconst require = createRequireHere(import.meta.url);",
    },
  },
  {
    // What draws a figure: a program of its own, since the command starts it only for a report of a study.
    ...common,
    entry: { 'render-figure': 'src/cli/figures/render-figure.ts' },
    platform: 'neutral', // Vega without the files, addresses and canvas that it has for Node
    noExternal: [/.*/],
    sourcemap: false,
    minify: true,
    esbuildOptions(options) {
      options.mainFields = ['module', 'main'];
    },
    esbuildPlugins: [kept('render-figure')],
  },
]);
