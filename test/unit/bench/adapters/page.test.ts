import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { differences, printedSearch } from '../../../../bench/adapters/page';
import { setting } from '../../../../bench/adapters/setting';
import { CharVocabulary } from '../../../../src/data/char-vocabulary';
import { namedText } from '../../../../src/node/corpus';

test.skipIf(!existsSync('docs/adapters.md'))(
  'the page of this repository is made of its sections, and has the rates of LoRA',
  () => {
    const page = readFileSync('docs/adapters.md', 'utf8');
    expect(differences(page, new Map())).toEqual([]);
    for (const task of setting.tasks) expect(printedSearch(page, task, 'lora')?.multiple).toBeGreaterThan(0);
  },
);

test('the tasks are made of characters that the base knows', async () => {
  const text = await namedText('moby-dick', process.cwd(), 'this test');
  const { characters } = new CharVocabulary(text);
  for (const { make, name } of setting.tasks) {
    const made = make(text);
    expect(made.length, name).toBe(text.length);
    expect(
      [...new Set(made)].filter((one) => !characters.includes(one)),
      name,
    ).toEqual([]);
    expect(made, name).not.toBe(text);
  }
});

test('grids step by four, so that half and twice of a rate is not tried already', () => {
  for (const { grid } of setting.tasks) {
    grid.slice(1).forEach((x, i) => {
      expect(x / (grid[i] as number)).toBe(4);
    });
  }
});
