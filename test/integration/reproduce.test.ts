import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

// Beside the packages, which the program leaves outside of its bundle.
const program = resolve(`node_modules/.cache/reproduce-${process.pid}.mjs`);
const folders: string[] = [];

beforeAll(() => {
  const entryPoints = ['bench/reproduce.ts'];
  buildSync({ entryPoints, bundle: true, packages: 'external', platform: 'node', format: 'esm', outfile: program });
});

afterAll(() => {
  for (const path of [program, ...folders]) rmSync(path, { recursive: true, force: true });
});

/** A folder with a page of results of its own. */
function folderWith(page: string): {
  run(...args: string[]): ReturnType<typeof spawnSync>;
  page(): string;
  files(): string[];
} {
  const folder = mkdtempSync(join(tmpdir(), 'floragrad-reproduce-'));
  folders.push(folder);
  mkdirSync(join(folder, 'docs'));
  const path = join(folder, 'docs/results.md');
  writeFileSync(path, page);
  return {
    run: (...args) => spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: 'utf8' }),
    page: () => readFileSync(path, 'utf8'),
    files: () => readdirSync(join(folder, 'docs')),
  };
}

test('a section is written the same by any number of workers, and leaves the others alone', () => {
  const other = '<!-- claim lors -->\n\n## Another section';
  const [one, three] = [folderWith(`old\n\n${other}\n`), folderWith(`old\n\n${other}\n`)];
  expect(one.run('--only', 'state', '--write', '--workers', '1').status).toBe(0);
  expect(three.run('--only', 'state', '--write', '--workers', '3').status).toBe(0);
  expect(one.page()).toBe(three.page());
  expect(one.page()).toContain('<!-- claim state -->');
  expect(one.page().trimEnd().endsWith(other)).toBe(true);
  expect(one.files()).toEqual(['results.md']);

  expect(one.run('--only', 'state').status).toBe(0);
  writeFileSync(join(folders[0] as string, 'docs/results.md'), one.page().replace('73,728 |', '73,729 |'));
  const edited = one.run('--only', 'state');
  expect(edited.status).toBe(1);
  expect(edited.stderr).toMatch(/docs\/results\.md says something else:\nstate: line \d+.*73,729.*73,728/s);
});

test('options that make no sense are refused before anything runs', () => {
  const { run } = folderWith('');
  for (const args of [
    ['--only', 'nothing'],
    ['--slice', '--write'],
  ]) {
    expect(run(...args).status).toBe(1);
  }
});
