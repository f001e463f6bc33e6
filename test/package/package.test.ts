import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newestNode } from '../newest-node/newest-node';
import { install, type Packed, pack, run } from './pack';

const built = existsSync('dist/index.js');
if (!built) console.info('package tests skipped: dist is not built (npm run build)');

/** One step of training through the public names, as a user would write it. */
const use = `
  const { matmul, tensor, valueAndGrad } = floragrad;
  const w = tensor([[3], [4]]);
  const { value, grads } = valueAndGrad(() => matmul(tensor([[1, 2]]), w), { w });
  Promise.all([value.item(), grads.w.array()]).then((result) => console.log(JSON.stringify(result)));`;

const nodes = [
  [`Node ${process.version.slice(1)}`, process.execPath],
  ['the newest Node', newestNode],
] as const;

describe.skipIf(!built)('the packed package', () => {
  let root: string;
  /** A project with the package alone, and one that has fast-check too. */
  let [alone, beside] = ['', ''];
  let packed: Packed;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'floragrad-'));
    packed = await pack(root);
    alone = await install(root, 'alone', packed);
    beside = await install(root, 'beside', packed);
    await symlink(resolve('node_modules/fast-check'), join(beside, 'node_modules/fast-check'), 'junction');
  }, 120_000);
  afterAll(() => rm(root, { recursive: true, force: true }));

  it('holds the built files with their types, and neither sources nor tests', () => {
    const paths = packed.files.map(({ path }) => path);
    for (const path of ['dist/index.js', 'dist/index.d.ts', 'dist/cli.js', 'README.md', 'LICENSE', 'package.json'])
      expect(paths).toContain(path);
    expect(
      paths.filter((path) => !/^(dist\/|README\.md$|docs\/.*\.md$|LICENSE$|CHANGELOG\.md$|package\.json$)/.test(path)),
    ).toEqual([]);
    expect(packed.size).toBeLessThan(2_300_000); // 2,188,906; more than half of it are source maps
  });

  it('brings no dependency along', async () => {
    const lock = JSON.parse(await readFile(join(alone, 'package-lock.json'), 'utf8')) as { packages: object };
    expect(Object.keys(lock.packages).sort()).toEqual(['', 'node_modules/floragrad']);
  });

  it('has a command line', async () => {
    expect(await run(alone, 'npx', '--no-install', 'floragrad', '--help')).toContain('floragrad');
  });

  it('has what a method needs: one that a user writes from public names is bit for bit the one that comes along', async () => {
    await copyFile('test/package/third-party-method.mjs', join(alone, 'method.mjs'));
    expect(await run(alone, process.execPath, 'method.mjs')).toBe('same\nseeing\n');
  });

  describe.each(nodes)('on %s', (_, node) => {
    it.skipIf(!node).each([
      ['import', `import * as floragrad from 'floragrad';`, 'use.mjs'],
      ['require', `const floragrad = require('floragrad');`, 'use.cjs'],
    ])('works with %s', async (_, load, file) => {
      await writeFile(join(alone, file), load + use);
      expect(JSON.parse(await run(alone, node as string, file))).toEqual([11, [[1], [2]]]);
    });

    it.skipIf(!node)('every entry loads with import and with require', async () => {
      const { exports } = JSON.parse(await readFile('package.json', 'utf8')) as { exports: Record<string, unknown> };
      const names = Object.keys(exports).map((entry) => `floragrad${entry.slice(1)}`);
      const entries = names.filter((entry) => !entry.endsWith('.json'));
      const imports = entries.map((entry) => `await import('${entry}');`);
      const requires = names.map((entry) => `require('${entry}');`);
      for (const [file, lines] of [['entries.mjs', imports] as const, ['entries.cjs', requires] as const]) {
        await writeFile(join(beside, file), lines.join('\n'));
        await run(beside, node as string, file);
      }
      expect(entries).toContain('floragrad/laws'); // the entry for which fast-check is there
    });

    /**
     * Packages that a program asks for. A resolver of our own hears every name, also in dynamic imports. It runs on a thread
     * whose console may lose what it says last, so it writes by itself.
     */
    const askedFor = async (...lines: string[]): Promise<string[]> => {
      const listen = `
        import { register } from 'node:module';
        const hooks = \`import { writeSync } from 'node:fs';
          export const resolve = (name, context, next) => { writeSync(1, name + '\\\\n'); return next(name, context); };\`;
        register('data:text/javascript,' + encodeURIComponent(hooks));`;
      await writeFile(join(alone, 'listen.mjs'), listen);
      await writeFile(join(alone, 'asked.mjs'), lines.join('\n'));
      const output = await run(alone, node as string, '--import', './listen.mjs', 'asked.mjs');
      return output.split('\n').filter((name) => /^(gpu\.js|webgpu|gl|koffi|.*gpu-.*|floragrad.*)$/.test(name));
    };
    const six = `import { matmul, tensor } from 'floragrad';
        if ((await matmul(tensor([[2]]), tensor([[3]])).item()) !== 6) throw new Error('not six');`;

    it.skipIf(!node)(
      'floragrad loads neither gpu.js nor a driver, and floragrad/gpu loads them when a GPU is asked for',
      async () => {
        expect(await askedFor(six)).toEqual(['floragrad']);
        expect(await askedFor(six, "import 'floragrad/gpu';")).toEqual(['floragrad', 'floragrad/gpu']);
        const open =
          "import { gpu } from 'floragrad/gpu'; await gpu().catch(({ code }) => console.log('gpu:' + code));";
        expect(await askedFor(open)).toEqual(['floragrad/gpu', 'webgpu', 'gpu.js']);
      },
    );

    it.skipIf(!node)(
      'floragrad/mpi loads koffi when a launcher has started the program and mpi is called',
      async () => {
        expect(await askedFor(six, "import 'floragrad/mpi';")).toEqual(['floragrad', 'floragrad/mpi']);
        const ask =
          "import { mpi } from 'floragrad/mpi'; await mpi().catch(({ code }) => console.log('koffi:' + code));";
        expect(await askedFor(ask)).toEqual(['floragrad/mpi']); // without a launcher there is nothing to load for
        const launched = "process.env.PMI_RANK = '0'; process.env.PMI_SIZE = '1';";
        expect(await askedFor(launched, ask)).toEqual(['floragrad/mpi', 'koffi']);
      },
    );

    it.skipIf(!node)('without gpu.js, or without WebGPU, an error says what to install', async () => {
      const script = `
        import { gpu } from 'floragrad/gpu';
        for (const mode of ['auto', 'webgl2', 'headlessgl', 'webgpu'])
          console.log(await gpu({ mode }).then(() => 'opened', (error) => error.message));`;
      await writeFile(join(alone, 'missing.mjs'), script);
      const [auto, webgl2, headlessgl, webgpu] = (await run(alone, node as string, 'missing.mjs')).split('\n');
      for (const message of [auto, webgl2, headlessgl])
        expect(message).toMatch(/gpu\/not-installed.*npm install gpu\.js@/);
      expect(webgpu).toMatch(/gpu\/unavailable.*webgpu.*floragrad info/);
    });

    it.skipIf(!node)('law suites run without a test runner, where fast-check is installed beside', async () => {
      const script = `
        import { mul, square } from 'floragrad';
        import { elementwise, opLaws } from 'floragrad/laws';
        for (const { holds } of opLaws(elementwise('cube', (x) => mul(x, square(x))))) await holds();`;
      await writeFile(join(beside, 'laws.mjs'), script);
      await run(beside, node as string, 'laws.mjs');
    });

    it.skipIf(!node)('only floragrad/laws needs fast-check, and Node says so', async () => {
      for (const entry of ['floragrad', 'floragrad/study', 'floragrad/node'])
        await run(alone, node as string, '--input-type=module', '-e', `await import('${entry}');`);
      const laws = run(alone, node as string, '--input-type=module', '-e', "await import('floragrad/laws');");
      await expect(laws).rejects.toThrow(/ERR_MODULE_NOT_FOUND.*Cannot find package 'fast-check'/s);
    });
  });
});
