import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const built = existsSync('dist/index.js');
if (!built) console.info('package tests skipped: dist is not built (npm run build)');

/** Run a program and give back what it prints; a failure rejects with its output. */
async function run(cwd: string, program: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { cwd, shell: process.platform === 'win32' });
  return stdout;
}

/** One step of training through the public names, as a user would write it. */
const use = `
  const { matmul, tensor, valueAndGrad } = floragrad;
  const w = tensor([[3], [4]]);
  const { value, grads } = valueAndGrad(() => matmul(tensor([[1, 2]]), w), { w });
  Promise.all([value.item(), grads.w.array()]).then((result) => console.log(JSON.stringify(result)));`;

describe.skipIf(!built)('the packed package', () => {
  let folder: string;
  let packed: { filename: string; size: number; files: { path: string }[] };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'floragrad-'));
    [packed] = JSON.parse(await run('.', 'npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder));
    await writeFile(join(folder, 'package.json'), '{ "private": true }');
    await run(folder, 'npm', 'install', '--offline', '--no-audit', '--no-fund', `./${packed.filename}`);
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('holds the built files with their types, and neither sources nor tests', () => {
    const paths = packed.files.map(({ path }) => path);
    for (const path of ['dist/index.js', 'dist/index.d.ts', 'dist/cli.js', 'README.md', 'LICENSE', 'package.json'])
      expect(paths).toContain(path);
    expect(paths.filter((path) => !/^(dist\/|README\.md$|LICENSE$|CHANGELOG\.md$|package\.json$)/.test(path))).toEqual(
      [],
    );
    expect(packed.size).toBeLessThan(2_000_000);
  });

  it('brings no dependency along', async () => {
    const lock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as { packages: object };
    expect(Object.keys(lock.packages).sort()).toEqual(['', 'node_modules/floragrad']);
  });

  it.each([
    ['import', `import * as floragrad from 'floragrad';`, 'use.mjs'],
    ['require', `const floragrad = require('floragrad');`, 'use.cjs'],
  ])('works with %s', async (_, load, file) => {
    await writeFile(join(folder, file), load + use);
    expect(JSON.parse(await run(folder, process.execPath, file))).toEqual([11, [[1], [2]]]);
  });

  it('has every entry it exports', async () => {
    const { exports } = JSON.parse(await readFile('package.json', 'utf8')) as { exports: Record<string, unknown> };
    const entries = Object.keys(exports).filter((entry) => !['./package.json', './laws'].includes(entry));
    const script = entries.map((entry) => `await import('floragrad${entry.slice(1)}');`).join('\n');
    await writeFile(join(folder, 'entries.mjs'), script);
    await run(folder, process.execPath, 'entries.mjs');
  });

  it('has law suites that run in plain Node, where fast-check is installed beside it', async () => {
    await symlink(resolve('node_modules/fast-check'), join(folder, 'node_modules/fast-check'), 'junction');
    const script = `
      import { mul, square } from 'floragrad';
      import { elementwise, opLaws } from 'floragrad/laws';
      for (const { holds } of opLaws(elementwise('cube', (x) => mul(x, square(x))))) await holds();`;
    await writeFile(join(folder, 'laws.mjs'), script);
    await run(folder, process.execPath, 'laws.mjs');
  });

  it('has a command line', async () => {
    expect(await run(folder, 'npx', '--no-install', 'floragrad', '--help')).toContain('floragrad');
  });
});
