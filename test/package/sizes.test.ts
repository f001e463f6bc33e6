import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const built = existsSync('dist/index.js');
if (!built) console.info('sizes are not measured: dist is not built (npm run build)');

const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, unknown> };
const entries = Object.keys(exports).filter((entry) => entry !== './package.json');

/**
 * The largest size of a page's script that holds this import alone, minified and gzipped, in bytes. Raise one with the
 * reason in the commit. About 22 kB of each are the kernels: every tensor can reach every op and so
 * every kernel, whatever is imported.
 */
const budgets: Readonly<Record<string, number>> = {
  // Some 14,000 of each are checks of arguments and their messages, and the printing of tensors.
  "export * from 'floragrad'": 187_000, // 185,335; 15,700 are the methods of the field, 22,500 adapters, starts and ranks, some 20,000 file formats and checkpoints, 22,600 the ops, layers and loops of the first week
  "export * from 'floragrad/study'": 134_500, // 133,049; 4,000 are studies of updates and of conflicts, 20,300 are the catalogue with every method in it, 16,000 the questions, 3,600 figures
  "export * from 'floragrad/node'": 112_500, // 111,236; 35,000 are the page of `compareRuns`, with the program that draws its charts
  "export * from 'floragrad/laws'": 106_000, // 104,830; 7,000 of them are the laws of adapters, with the trainings and checkpoints that they go through
  "export * from 'floragrad/gpu'": 32_000, // 31,405
  "export * from 'floragrad/mpi'": 60_000, //
  "export { matmul, tensor } from 'floragrad'": 52_000, // 50,620
  "export { ShapeError } from 'floragrad'": 51_000, // 49,631
};

/** The bundle of a script that imports the built package, minified. */
async function bundle(script: string): Promise<Uint8Array> {
  const alias = Object.fromEntries(
    entries.map((entry) => [`floragrad${entry.slice(1)}`, resolve(`dist/${entry.slice(2) || 'index'}.js`)]),
  );
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: '.' },
    alias,
    external: ['fast-check', 'gpu.js', 'koffi', 'node:*'],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

/** The modules in a folder. */
function files(folder: string): string[] {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return found.map((name) => `${folder}/${name.replaceAll('\\', '/')}`);
}

async function sizesOf(script: string): Promise<{ minified: number; gzipped: number }> {
  const code = await bundle(script);
  return { minified: code.length, gzipped: gzipSync(code, { level: 9 }).length };
}

describe.skipIf(!built)('sizes', () => {
  it('are known for every entry', () => {
    const known = Object.keys(budgets).map((script) => /'floragrad(.*)'/.exec(script)?.[1]);
    expect(entries.filter((entry) => !known.includes(entry.slice(1)))).toEqual([]);
  });

  it('stay within the budget', async () => {
    const sizes = await Promise.all(Object.keys(budgets).map(sizesOf));
    const rows = Object.entries(budgets).map(([script, budget], i) => ({ script, ...sizes[i], budget }));
    console.table(rows);
    for (const { script, gzipped, budget } of rows) {
      expect(gzipped, script).toBeGreaterThan(1000); // an empty bundle would mean that nothing was measured
      expect(gzipped, script).toBeLessThanOrEqual(budget);
    }
  });

  it('a page that multiplies matrices carries nothing of other rooms, nor ops that are not methods', async () => {
    const text = new TextDecoder().decode(await bundle("export { matmul, tensor } from 'floragrad'"));
    const inside = /^src\/(base|backend|tensor)\//;
    const codesOf = (file: string): string[] =>
      readFileSync(file, 'utf8').match(/(?<=')[a-z\d-]+\/[a-z\d-]+(?=')/g) ?? [];
    const own = new Set(
      files('src')
        .filter((file) => inside.test(file))
        .flatMap(codesOf),
    );
    const others = files('src')
      .filter((file) => !inside.test(file))
      .flatMap(codesOf);
    const ops = ['conv2d/shapes', 'einsum/equation', 'attention/shapes', 'cross-entropy/shapes', 'linear/shapes'];
    for (const code of ops) expect(own, code).toContain(code);
    const foreign = [...new Set(others.filter((code) => !own.has(code))), ...ops];
    expect(foreign.length).toBeGreaterThan(100);
    expect(foreign.filter((code) => text.includes(code))).toEqual([]);
  });

  it('what tree shaking leaves still works', async () => {
    const script =
      "import { matmul, tensor } from 'floragrad'; export const six = matmul(tensor([[2]]), tensor([[3]]));";
    const url = `data:text/javascript;base64,${Buffer.from(await bundle(script)).toString('base64')}`;
    const { six } = (await import(url)) as { six: { item(): Promise<number> } };
    expect(await six.item()).toBe(6);
  });
});
