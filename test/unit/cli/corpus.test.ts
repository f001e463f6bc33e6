import { expect, test } from 'vitest';
import { loadCorpus } from '../../../src/cli/corpus';
import { CharVocabulary } from '../../../src/data/char-vocabulary';
import { bigramEntropy, unigramEntropy } from '../../../src/data/entropy';

test('Moby-Dick is the 135 chapters in order, with the known entropies', async () => {
  const { text } = await loadCorpus('moby-dick', process.cwd());
  expect(text.startsWith('CHAPTER 1. Loomings.\n\nCall me Ishmael.')).toBe(true);
  expect(text.match(/^CHAPTER \d+\./gm)?.map((heading) => Number(heading.slice(8, -1)))).toEqual(
    Array.from({ length: 135 }, (_, i) => i + 1),
  );
  const tokens = new CharVocabulary(text).encode(text);
  expect(tokens.length).toBe(1_189_652);
  expect(unigramEntropy(tokens)).toBeCloseTo(3.061, 3);
  expect(bigramEntropy(tokens)).toBeCloseTo(2.412, 3);
});
