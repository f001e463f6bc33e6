import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { install, pack } from '../package/pack';

const built = existsSync('dist/index.d.ts');
if (!built) console.info('public types are not tested: dist is not built (npm run build)');

/** A project that checks our declarations as strictly as its own files, and has no global but those of ES2022. */
const strict = { target: 'es2022', lib: ['es2022'], types: [], strict: true, noEmit: true, skipLibCheck: false };
const projects = {
  bundler: { ...strict, module: 'esnext', moduleResolution: 'bundler' },
  'nodenext, as strict as can be': {
    ...strict,
    module: 'nodenext',
    moduleResolution: 'nodenext',
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    declaration: true,
  },
};

describe.skipIf(!built)("the package's types, in a project of a user", () => {
  let root: string;
  /** A project with the package alone, and one that has its optional peer fast-check too. */
  let [alone, beside] = ['', ''];
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'floragrad-types-'));
    const packed = await pack(root);
    alone = await install(root, 'alone', packed);
    beside = await install(root, 'beside', packed);
    for (const [project, sources] of [
      [alone, 'consumer'],
      [beside, 'with-fast-check'],
    ] as const) {
      await cp(`test/types/${sources}`, join(project, 'src'), { recursive: true });
      await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }');
    }
    await symlink(resolve('node_modules/fast-check'), join(beside, 'node_modules/fast-check'), 'junction');
  }, 120_000);
  afterAll(() => rm(root, { recursive: true, force: true }));

  it.each(Object.entries(projects))('%s: accept what is right and refuse what is wrong', async (_, compilerOptions) => {
    expect(await compile(alone, compilerOptions)).toBe('');
  });

  it('takes arbitraries of fast-check where laws ask for cases, and gives them back', async () => {
    expect(
      await compile(beside, {
        ...strict,
        module: 'nodenext',
        moduleResolution: 'nodenext',
        skipLibCheck: true,
        target: 'esnext',
      }),
    ).toBe('');
  });

  it('sees nothing but what the projects install', () => {
    const file = join(alone, 'src/index.ts');
    const found = ts.resolveModuleName(
      'fast-check',
      file,
      { moduleResolution: ts.ModuleResolutionKind.NodeNext },
      ts.sys,
    );
    expect(found.resolvedModule?.resolvedFileName).toBeUndefined();
  });
});

/** What the compiler says about a project: nothing, if all is well. */
async function compile(project: string, compilerOptions: object): Promise<string> {
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  const tsc = resolve('node_modules/typescript/bin/tsc');
  try {
    return (await promisify(execFile)(process.execPath, [tsc, '-p', project, '--pretty', 'false'])).stdout;
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
