import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { install, pack } from '../package/pack';

const built = existsSync('dist/index.d.ts');
if (!built) console.info('public types are not tested: dist is not built (npm run build)');

/** A project that checks our declarations as strictly as its own files, and has no global but those of ES2022. */
const strict = { target: 'es2022', lib: ['es2022'], types: [], strict: true, noEmit: true, skipLibCheck: false };
const projects = {
  bundler: { ...strict, module: 'esnext', moduleResolution: 'bundler' },
  nodenext: { ...strict, module: 'nodenext', moduleResolution: 'nodenext' },
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
  let project: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'floragrad-types-'));
    project = await install(root, 'consumer', await pack(root));
    await cp('test/types/consumer', join(project, 'src'), { recursive: true });
    await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  }, 120_000);
  afterAll(() => rm(root, { recursive: true, force: true }));

  it.each(Object.entries(projects))('%s: accept what is right and refuse what is wrong', async (_, compilerOptions) => {
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
    expect(await compile(project)).toBe('');
  });
});

/** What the compiler says about a project: nothing, if all is well. */
async function compile(project: string): Promise<string> {
  const tsc = resolve('node_modules/typescript/bin/tsc');
  try {
    return (await promisify(execFile)(process.execPath, [tsc, '-p', project, '--pretty', 'false'])).stdout;
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
