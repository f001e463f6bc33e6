import { expect, it } from 'vitest';
import { BytePairTokenizer } from '../../../src/index';

/** The first lines of GPT-2's merges.txt; its ids of tokens are known. */
const gpt2 = new BytePairTokenizer({ merges: ['Ġ t', 'Ġ a', 'h e', 'i n', 'r e', 'o n', 'Ġt he'] });
const tokens = (tokenizer: BytePairTokenizer, text: string): string[] =>
  [...tokenizer.encode(text)].map((id) => tokenizer.decode([id]));

it('has the ids of GPT-2', () => {
  expect([...gpt2.encode('!A~')]).toEqual([0, 32, 93]);
  expect([...gpt2.encode(' \n')]).toEqual([220, 198]);
  expect([...gpt2.encode(' the')]).toEqual([262]);
  expect([...gpt2.encode('the a')]).toEqual([83, 258, 257]);
  expect(gpt2.size).toBe(263);
});

it('cuts words as GPT-2 does, so that no token has parts of two', () => {
  const all = BytePairTokenizer.train("don't stop  12 33!! don't stop  12 33!! ".repeat(3), { size: 2000 });
  expect(tokens(all, "don't stop  12 33!!\n\nWe'll")).toEqual([
    'don',
    "'t",
    ' stop',
    ' ',
    ' 12',
    ' 33',
    '!!',
    '\n',
    '\n',
    'W',
    'e',
    "'",
    'l',
    'l',
  ]);
});

it('joins the most frequent pair first, and of equals the first; pairs that occur once stay', () => {
  const trained = BytePairTokenizer.train('aab aab aab bb', { size: 300 });
  // a·a and a·b three times each, and Ġ·a twice
  expect(trained.merges).toEqual(['a a', 'aa b', 'Ġ aab']);
  expect(BytePairTokenizer.train('aab aab aab bb', { size: 257 }).merges).toEqual(['a a']);
  expect(tokens(trained, 'aaab')).toEqual(['aa', 'a', 'b']);
});

it('makes merges in the order in which they were learned, not from left to right', () => {
  const tokenizer = new BytePairTokenizer({ merges: ['b c', 'a b'] });
  expect(tokens(tokenizer, 'abc')).toEqual(['a', 'bc']);
});

it('gives back every text, whatever its characters', () => {
  const trained = BytePairTokenizer.train('Größe größer, 日本語 日本 😀😀 😀'.repeat(4), { size: 320 });
  for (const text of ['Größe', '日本語 😀', '\u0000\ufeffx\r\n\t', 'ĠĊ not a space', '', '   ']) {
    expect(trained.decode(trained.encode(text))).toBe(text);
  }
  expect(trained.encode(' 日本').length).toBeLessThan(4);
  expect(trained.decode(trained.encode('é').subarray(0, 1))).toBe('\ufffd');
});

it('goes through JSON', () => {
  const trained = BytePairTokenizer.train('low lower lowest, slow slower', { size: 262 });
  const again = new BytePairTokenizer(JSON.parse(JSON.stringify(trained)));
  expect(again.merges).toEqual(trained.merges);
  expect(again.encode('slowest lower')).toEqual(trained.encode('slowest lower'));
});

it('refuses merges of unknown tokens, the header of a file, and ids that it does not have', () => {
  for (const merges of [['#version: 0.2'], ['ab c'], ['a b', 'a b'], ['']]) {
    expect(() => new BytePairTokenizer({ merges })).toThrow(/tokenizer\/merges/);
  }
  expect(() => gpt2.decode([263])).toThrow(/index\/range/);
  expect(() => gpt2.decode([-1])).toThrow(/index\/range/);
  expect(() => BytePairTokenizer.train('a', { size: 255 })).toThrow(/size = 255/);
  expect(() => BytePairTokenizer.train(5 as unknown as string, { size: 256 })).toThrow(/text = 5/);
});
