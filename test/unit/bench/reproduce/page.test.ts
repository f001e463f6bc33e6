import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../../bench/reproduce/claim';
import { claims } from '../../../../bench/reproduce/claims';
import { differences, pageOf, sectionOf, sectionsOf } from '../../../../bench/reproduce/page';

const finding = (statement: string, verdict: Finding['parts'][number]['verdict'], number: string): Finding => ({
  setting: ['A task.'],
  parts: [{ statement, verdict, because: `By ${number}.` }],
  table: ['| a |', '| - |', `| ${number} |`],
});
const about = (name: string) => ({ name, title: `About ${name}`, source: 'A paper, section 2' });
const names = ['one', 'two'];
const expected = { order: names, required: names };
const sections = new Map([
  ['two', sectionOf(about('two'), finding('Two is r/m = 0.5 of it.', 'fails', '0.5'))],
  ['one', sectionOf(about('one'), finding('One holds.', 'holds', '0.1 [0.0, 0.2]'))],
]);
const page = pageOf(names, sections);

describe('the page of results', () => {
  test('has the claims in their order, and every verdict in the table at its top', () => {
    expect(page.indexOf('## About one')).toBeLessThan(page.indexOf('## About two'));
    expect(page).toMatch(
      /\| About one \| One holds\. +\| holds +\|\n\| About two \| Two is r\/m = 0\.5 of it\. \| fails +\|/,
    );
  });

  test('is read back into the sections that it was made of', () => {
    expect(pageOf(names, sectionsOf(page))).toBe(page);
    expect(sectionsOf(page).get('two')).toBe(sections.get('two'));
  });

  test('that says the same has no differences', () => {
    expect(differences(page, sections, expected)).toEqual([]);
  });

  test('differs in a number, and the line is shown', () => {
    const made = new Map([['one', sectionOf(about('one'), finding('One holds.', 'holds', '0.1 [0.0, 0.3]'))]]);
    expect(differences(page, made, expected).join('\n')).toMatch(
      /^one: line 9.*\n {2}page: .*0\.2\].*\n {2}now: {2}.*0\.3\]/,
    );
  });

  test('differs in a row more, too', () => {
    const longer = finding('One holds.', 'holds', '0.1 [0.0, 0.2]');
    const made = new Map([['one', sectionOf(about('one'), { ...longer, table: [...longer.table, '| 2 |'] })]]);
    expect(differences(page, made, expected)).toContain('  page: (none)');
  });

  test('that lacks a claim says so', () => {
    expect(differences(page, new Map(), { ...expected, required: [...names, 'three'] })).toEqual([
      'three: the page has no such claim',
    ]);
  });

  test('that was edited outside of its sections says so', () => {
    const edited = page.replace('| holds   |', '| fails   |');
    expect(differences(edited, sections, expected)).toEqual(['the page is not made of its sections: it was edited']);
  });
});

test('the page of this repository has every claim, and is made of its sections', () => {
  const written = readFileSync('docs/results.md', 'utf8');
  const order = claims.map(({ name }) => name);
  expect(differences(written, new Map(), { order, required: order })).toEqual([]);
});
