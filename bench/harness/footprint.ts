import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import type { Programs } from './launch';
import { nodeFlags } from './machine';
import { median } from './statistics';
import { bytes, type Table } from './table';

/** What a library costs before it computes anything. */
export interface Footprint {
  readonly label: string;
  /** Gzipped size of its minified bundle for a page, with the WebAssembly that it fetches beside it. */
  readonly scriptBytes: number;
  readonly wasmBytes: number;
  /** In Node, from its installed files, in a fresh process. */
  readonly importSeconds: number;
  /** Time from the start of the import to the values of a product of two 2×2 matrices. */
  readonly firstProductSeconds: number;
}

interface Library {
  readonly label: string;
  /** Where its imports are found. */
  readonly directory: string;
  /** What a page would import. */
  readonly source: string;
  /** WebAssembly that a page fetches beside the script. */
  readonly wasm?: string;
  /** Imports, as `lib`. */
  readonly imports: string;
  /** The values of a product. */
  readonly product: string;
}

const core = resolve('bench/dist/core.mjs');
const peers = resolve('bench/peers');
const tfjsWasm = `${peers}/node_modules/@tensorflow/tfjs-backend-wasm/dist`;

/** js-pytorch has no bundle for pages that is an ES module. */
const libraries: readonly Library[] = [
  {
    label: 'floragrad',
    directory: resolve('src'),
    source: `export * from './index'`,
    imports: `const f = await import(${JSON.stringify(pathToFileURL(core).href)})`,
    product: 'await f.matmul(f.ones([2, 2]), f.ones([2, 2])).data()',
  },
  {
    label: 'tfjs-wasm',
    directory: peers,
    source: `export * from '@tensorflow/tfjs-core'; import '@tensorflow/tfjs-core/dist/register_all_gradients'; export * from '@tensorflow/tfjs-backend-wasm'`,
    wasm: `${tfjsWasm}/tfjs-backend-wasm-simd.wasm`,
    imports: `const tf = await import('@tensorflow/tfjs-core'); await import('@tensorflow/tfjs-backend-wasm')`,
    product: `await tf.setBackend('wasm'); await tf.matMul(tf.ones([2, 2]), tf.ones([2, 2])).data()`,
  },
  {
    label: 'jax-js wasm',
    directory: peers,
    source: `export * from '@jax-js/jax'`,
    imports: `const jax = await import('@jax-js/jax')`,
    product: `await jax.init('wasm'); jax.defaultDevice('wasm'); await jax.numpy.matmul(jax.numpy.ones([2, 2]), jax.numpy.ones([2, 2])).data()`,
  },
  {
    label: 'gpu.js webasm',
    directory: peers,
    source: `export * from 'gpu.js'`,
    imports: `const { GPU } = await import('gpu.js')`,
    product: `new GPU({ mode: 'webasm' }).createKernel(function (a, b) {
      let sum = 0; for (let i = 0; i < 2; i++) sum += a[this.thread.y][i] * b[i][this.thread.x]; return sum; }).setOutput([2, 2])([[1, 1], [1, 1]], [[1, 1], [1, 1]])`,
  },
];

export async function measureFootprints(programs: Programs): Promise<Footprint[]> {
  await build({ entryPoints: ['src/index.ts'], bundle: true, format: 'esm', outfile: core, logLevel: 'warning' });
  const installed = libraries.filter(({ directory }) => directory !== peers || existsSync(`${peers}/node_modules`));
  const footprints: Footprint[] = [];
  for (const library of installed) {
    const runs = Array.from({ length: 9 }, () => start(library, programs));
    footprints.push({
      label: library.label,
      scriptBytes: await bundledBytes(library),
      wasmBytes: library.wasm ? gzipSync(readFileSync(library.wasm)).length : 0,
      importSeconds: median(runs.map(([imported]) => imported)),
      firstProductSeconds: median(runs.map(([, computed]) => computed)),
    });
  }
  return footprints;
}

/** Gzipped bytes of the minified bundle, without what it only imports when asked to (other backends). */
async function bundledBytes({ directory, source }: Library): Promise<number> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: directory },
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    outdir: '/bundle',
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  const names = Object.keys(metafile.outputs);
  const needed = new Set<string>();
  const visit = (name: string): void => {
    if (needed.has(name)) return;
    needed.add(name);
    for (const { path, kind } of metafile.outputs[name]?.imports ?? []) if (kind === 'import-statement') visit(path);
  };
  for (const name of names) if (metafile.outputs[name]?.entryPoint) visit(name);
  return outputFiles
    .filter((_, i) => needed.has(names[i] as string))
    .reduce((sum, { contents }) => sum + gzipSync(contents).length, 0);
}

/** Seconds of the import, and from its beginning to the first product, in a fresh process. */
function start({ directory, imports, product }: Library, { machine, node }: Programs): readonly [number, number] {
  const program = `const begin = performance.now(); ${imports}; const imported = performance.now(); ${product};
    process.stderr.write('\\n' + JSON.stringify([imported - begin, performance.now() - begin])); process.exit()`;
  const command = [node, ...nodeFlags(machine), '--input-type=module', '-e', `${program}`];
  const pinned = machine.pinnedTo === null ? command : ['taskset', '-c', String(machine.pinnedTo), ...command];
  const [file, ...rest] = pinned as [string, ...string[]];
  const printed = execFileSync('sh', ['-c', 'exec "$@" 2>&1 >/dev/null', 'sh', file, ...rest], {
    cwd: directory,
    encoding: 'utf8',
  });
  const [imported, computed] = JSON.parse(printed.trim().split('\n').at(-1) as string) as [number, number];
  return [imported / 1000, computed / 1000];
}

export function footprintTable(footprints: readonly Footprint[]): Table {
  const milliseconds = (seconds: number): string => `${(seconds * 1000).toFixed(0)} ms`;
  return {
    title: 'Size and start',
    head: ['library', 'script, gzipped', 'wasm, gzipped', 'import', 'import to first product'],
    rows: footprints.map(({ label, scriptBytes, wasmBytes, importSeconds, firstProductSeconds }) => [
      label,
      bytes(scriptBytes),
      wasmBytes === 0 ? 'in the script' : bytes(wasmBytes),
      milliseconds(importSeconds),
      milliseconds(firstProductSeconds),
    ]),
    notes: ['medians of 9 fresh processes; scripts are everything that the library exports, minified, for a page'],
  };
}
