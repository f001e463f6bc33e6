import { existsSync, readFileSync } from 'node:fs';
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
 * reason in the commit. About 29 kB of each are the kernels: every tensor can reach every op and so
 * every kernel, whatever is imported.
 */
const budgets: Readonly<Record<string, number>> = {
  // Some 14,000 of each are checks of arguments and their messages, and the printing of tensors.
  // 3,900 came with contracts that users extend (adapters on any layer, moves and rules of compression, gradients and
  // observe of the trainer) and formulas beside kernels.
  "export * from 'floragrad'": 148_500, // 147,215; 15,700 are the methods of the field, some 20,000 file formats, checkpoints and adapters
  "export * from 'floragrad/study'": 134_500, // 133,202; 20,300 are the catalogue with every method in it, 16,000 the questions, 3,600 figures
  "export * from 'floragrad/node'": 76_000, // 73,522
  "export * from 'floragrad/laws'": 107_000, // 104,003; 1,500 of them are the laws of adapters, 3,000 the adapters they hold to
  "export * from 'floragrad/gpu'": 40_000,
  "export { matmul, tensor } from 'floragrad'": 69_500, // 68,847; 1,500 came when the command joined the build (decision 0025)
  "export { ShapeError } from 'floragrad'": 68_500, // 67,832; the same
};

/** The bundle of a script that imports the built package, minified. */
async function bundle(script: string): Promise<Uint8Array> {
  const alias = Object.fromEntries(
    entries.map((entry) => [`floragrad${entry.slice(1)}`, resolve(`dist/${entry.slice(2) || 'index'}.js`)]),
  );
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: '.' },
    alias,
    external: ['fast-check', 'gpu.js', 'node:*'],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
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

  it('tree shaking leaves layers, optimizers and compression out of a page that multiplies matrices', async () => {
    const [all, two] = await Promise.all([
      sizesOf("export * from 'floragrad'"),
      sizesOf("export { matmul, tensor } from 'floragrad'"),
    ]);
    expect(all.gzipped - two.gzipped).toBeGreaterThan(10_000); // 21,872 when this was written
  });

  it('what tree shaking leaves still works', async () => {
    const script =
      "import { matmul, tensor } from 'floragrad'; export const six = matmul(tensor([[2]]), tensor([[3]]));";
    const url = `data:text/javascript;base64,${Buffer.from(await bundle(script)).toString('base64')}`;
    const { six } = (await import(url)) as { six: { item(): Promise<number> } };
    expect(await six.item()).toBe(6);
  });
});
