import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { differences, pageOf, printedRow, sectionOf } from '../../../../bench/methods/page';

const table = [
  '| method      | rate         | seed 0 | seed 1 |',
  '| ----------- | ------------ | -----: | -----: |',
  '| GaLore r 16 | 0.016 (edge) |  2.400 |  2.410 |',
  '| wild        | –            | diverged | diverged |',
];
const sections = new Map([
  ['catalogue', sectionOf('catalogue', ['| a |'])],
  ['comparison', sectionOf('comparison', table)],
  ['recorded', sectionOf('recorded', ['1e-9'])],
  ['times', sectionOf('times', ['1.31'])],
  ['sweep', sectionOf('sweep', ['2.400'])],
  ['apart', sectionOf('apart', ['- a survey'])],
]);
const page = pageOf(sections);

describe('the page of the methods', () => {
  test('that says the same has no differences, whichever sections are made anew', () => {
    expect(differences(page, sections)).toEqual([]);
    expect(differences(page, new Map([['recorded', sectionOf('recorded', ['1e-9'])]]))).toEqual([]);
  });

  test('may differ in the times, and in nothing else', () => {
    expect(differences(page, new Map([['times', sectionOf('times', ['1.29'])]]))).toEqual([]);
    expect(differences(page, new Map([['recorded', sectionOf('recorded', ['2e-9'])]])).join('\n')).toMatch(
      /^recorded: line 5.*\n {2}page: 1e-9\n {2}now: {2}2e-9$/,
    );
  });

  test('that lacks a section, or was edited, says so', () => {
    const less = pageOf(new Map([...sections].filter(([name]) => name !== 'sweep')));
    expect(differences(less, new Map())).toEqual(['sweep: the page has no such section']);
    expect(differences(page.replace('# Methods', '# Method'), new Map()).join()).toMatch(/was edited/);
  });

  test('is read back: the rate of a row and its losses', () => {
    expect(printedRow(page, 'GaLore r 16', 2)).toEqual({ rate: 0.016, losses: ['2.400', '2.410'] });
    expect(printedRow(page, 'wild', 2)).toBeNull();
    expect(printedRow(page, 'GaLore r 8', 2)).toBeNull();
  });
});

test.skipIf(!existsSync('docs/methods.md'))('the page of this repository is made of its sections', () => {
  expect(differences(readFileSync('docs/methods.md', 'utf8'), new Map())).toEqual([]);
});
