import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { corpus } from '../../src/node';
import { namedText } from '../../src/node/corpus';

const installed = vi.hoisted(() => ({ anything: true }));
vi.mock('node:module', async (original) => {
  const { createRequire, ...rest } = await original<typeof import('node:module')>();
  const refuse = () => {
    throw new Error('not found');
  };
  return {
    ...rest,
    createRequire: (from: string) => (installed.anything ? createRequire(from) : { resolve: refuse }),
  };
});

const folder = mkdtempSync(join(tmpdir(), 'floragrad-corpus-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A package of data in the node_modules of a folder. */
function install(name: string, files: Readonly<Record<string, string>>): void {
  const place = join(folder, 'node_modules', '@stdlib', name);
  mkdirSync(join(place, 'data'), { recursive: true });
  writeFileSync(join(place, 'package.json'), '{}');
  for (const [file, text] of Object.entries(files)) writeFileSync(join(place, 'data', file), text);
}

describe('corpus', () => {
  it.skipIf(!existsSync('dist/data/names.txt'))('has names without any package', async () => {
    installed.anything = false;
    const names = (await corpus('names')).trimEnd().split('\n');
    installed.anything = true;
    expect(names.length).toBe(8422);
    expect(new Set(names).size).toBe(8422);
    expect(names).not.toEqual([...names].sort());
  });

  it('takes the package of the project first, its files in order and nothing else of it', async () => {
    install('datasets-moby-dick', {
      'chapter_10.txt': 'ten',
      'chapter_9.txt': 'nine',
      'index.txt': 'no',
      'chapter_x.txt': 'no',
    });
    install('datasets-sotu', { '1900_b.txt': 'later', '1800_z.txt': 'sooner', 'readme.txt': 'no' });
    expect(await namedText('moby-dick', folder, 'asked')).toBe('nine\nten');
    expect(await namedText('sotu', folder, 'asked')).toBe('sooner\nlater');
  });

  it('says what to install where a package is missing', async () => {
    installed.anything = false;
    await expect(corpus('moby-dick')).rejects.toThrow(
      /data\/missing\] corpus got 'moby-dick', which needs the package @stdlib\/datasets-moby-dick.*npm i -D @stdlib\/datasets-moby-dick/s,
    );
    await expect(namedText('sotu', folder, '--data sotu')).rejects.toThrow(
      /--data sotu needs .*npm i -D @stdlib\/datasets-sotu/s,
    );
    installed.anything = true;
  });

  it('knows no other names', async () => {
    await expect(corpus('bible' as never)).rejects.toThrow(/options\/choice.*"?moby-dick"?/s);
  });
});
