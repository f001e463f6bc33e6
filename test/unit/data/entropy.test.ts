import { expect, test } from 'vitest';
import { bigramEntropy, unigramEntropy } from '../../../src/data/entropy';

const ids = (text: string): number[] => [...text].map((character) => character.codePointAt(0) as number);

test('entropy of frequencies, by hand', () => {
  expect(unigramEntropy(ids('aaaa'))).toBeCloseTo(0, 12);
  expect(unigramEntropy(ids('abab'))).toBeCloseTo(Math.log(2), 12);
  // p = 3/4 and 1/4
  expect(unigramEntropy(ids('aaab'))).toBeCloseTo(0.75 * Math.log(4 / 3) + 0.25 * Math.log(4), 12);
});

test('conditional entropy of pairs, by hand', () => {
  expect(bigramEntropy(ids('abababab'))).toBeCloseTo(0, 12); // the next character is certain
  // pairs ab, ba, aa, ab, ba, aa, ab: after a (5 times) comes b 3 and a 2; after b (2 times) comes a
  const afterA = 0.6 * Math.log(1 / 0.6) + 0.4 * Math.log(1 / 0.4);
  expect(bigramEntropy(ids('abaabaab'))).toBeCloseTo((5 / 7) * afterA, 12);
});

test('nothing to be surprised about in an empty text', () => {
  expect(unigramEntropy([])).toBe(0);
  expect(bigramEntropy([7])).toBe(0);
});
