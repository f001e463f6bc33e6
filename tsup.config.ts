import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { defineConfig, type Options } from 'tsup';

/** `import text from './file?raw'` gives the text of the file, as in Vite. */
const raw: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'raw',
  setup(build) {
    build.onResolve({ filter: /\?raw$/ }, ({ path, importer }) => {
      const file = path.replace(/\?raw$/, '');
      const found = file.startsWith('.') ? resolve(dirname(importer), file) : createRequire(importer).resolve(file);
      return { path: `${found}?raw`, namespace: 'raw' }; // the suffix keeps tsup's own CSS plugin away
    });
    build.onLoad({ filter: /.*/, namespace: 'raw' }, async ({ path }) => ({
      contents: await readFile(path.replace(/\?raw$/, ''), 'utf8'),
      loader: 'text',
    }));
  },
};

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
    // The library: no dependency, and no Node module in the core.
    ...common,
    entry: { index: 'src/index.ts', study: 'src/study.ts', laws: 'src/laws.ts', node: 'src/node.ts' },
    platform: 'neutral',
    removeNodeProtocol: false,
    external: [/^node:/], // of the entry `node` alone, which is built with the others so that they share their classes
    dts: true,
  },
  {
    // The command, with everything it uses inside, so that the package has no dependencies.
    ...common,
    entry: { cli: 'src/cli/main.ts' },
    platform: 'node',
    noExternal: [/.*/],
    esbuildPlugins: [raw],
    // cli-progress is CommonJS and requires Node modules, which an ES module can only do with a `require` of its own.
    banner: {
      js: "import { createRequire as createRequireHere } from 'node:module';\nconst require = createRequireHere(import.meta.url);",
    },
  },
]);
