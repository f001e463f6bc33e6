import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { defineConfig, type Options } from 'tsup';
import ts from 'typescript';

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

/**
 * package.json says which files do something when they are loaded. Of all others nothing is missed where nobody uses what
 * they export; but a bundle has no files. So it says of each constant that is computed that it may be left out: the value
 * comes out of a function whose call is marked as pure. A mark at each call would not do, since a spread or a property
 * that is read counts as an effect too.
 */
const pure: Plugin = {
  name: 'pure constants',
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/].+[\\/].+\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return { contents: path.endsWith('methods.ts') ? text : withPureConstants(path, text), loader: 'ts' };
    });
  },
};

function withPureConstants(path: string, text: string): string {
  const { statements } = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const values = statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) =>
      declarationList.declarations.flatMap(({ initializer }) =>
        initializer && isComputed(initializer) ? [initializer] : [],
      ),
    );
  let [marked, at] = ['', 0];
  for (const value of values) {
    marked += `${text.slice(at, value.getStart())}/* @__PURE__ */ (() => (${value.getText()}))()`;
    at = value.end;
  }
  return marked + text.slice(at);
}

/** Whether something runs to make this value: a call, a spread, a property that is read. Functions run later, if at all. */
function isComputed(node: ts.Node): boolean {
  if (ts.isFunctionLike(node)) return false;
  const runs = [
    ts.isCallExpression,
    ts.isNewExpression,
    ts.isSpreadAssignment,
    ts.isSpreadElement,
    ts.isPropertyAccessExpression,
  ];
  return runs.some((kind) => kind(node)) || ts.forEachChild(node, (child) => isComputed(child) || undefined) === true;
}

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
  mpi: 'src/mpi.ts',
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
    // No dependency: what the command uses is inside. gpu.js, koffi and fast-check are optional peers, which the library imports.
    noExternal: [/^(?!gpu\.js$|koffi$|fast-check$|node:)/],
    external: ['gpu.js', 'koffi', 'fast-check', /^node:/],
    dts: { entry: entries },
    esbuildPlugins: [raw, builtins, pure, kept('dist')],
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
