import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as old from '../../src/deprecated';
import * as library from '../../src/index';

describe('a deprecated name', () => {
  const exported = new Map<string, unknown>(Object.entries(library));
  const source = readFileSync('src/deprecated.ts', 'utf8');
  const upgrade = readFileSync('CHANGELOG.md', 'utf8').split('### How to upgrade')[1] as string;

  it.each(Object.entries(old))('%s is exported, is what it sends to, and the changelog says so', (name, value) => {
    const [, current] = source.match(
      new RegExp(`@deprecated Use \`(\\w+)\`\\. \\*/\nexport const ${name} =`),
    ) as RegExpMatchArray;
    expect(exported.get(name)).toBe(value);
    expect(exported.get(current as string)).toBe(value);
    expect(upgrade.split('\n## ')[0]).toContain(`\`${current}\` for \`${name}\``);
  });
});
