import { expect, test } from 'vitest';
import { OptionError, ShapeError } from '../../../src/base/errors';
import { CharVocabulary } from '../../../src/data/char-vocabulary';

test('ids follow code point order, and decode undoes encode', () => {
  const vocabulary = new CharVocabulary('banana🐋é');
  expect(vocabulary.characters).toEqual(['a', 'b', 'n', 'é', '🐋']);
  expect([...vocabulary.encode('ban🐋')]).toEqual([1, 0, 2, 4]);
  expect(vocabulary.decode(vocabulary.encode('éna🐋'))).toBe('éna🐋');
});

test('unknown characters and ids are errors that name them', () => {
  const vocabulary = new CharVocabulary('ab');
  expect(() => vocabulary.encode('abc')).toThrow(OptionError);
  expect(() => vocabulary.encode('abc')).toThrow(/\[vocabulary\/unknown\].*"c"/);
  expect(() => vocabulary.decode([0, 2])).toThrow(ShapeError);
});
