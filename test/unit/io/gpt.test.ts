import { describe, expect, it } from 'vitest';
import {
  CharVocabulary,
  decodeGPT,
  decodeSafetensors,
  encodeGPT,
  encodeSafetensors,
  FileError,
  GPT,
  lora,
  MultiHeadAttention,
  memory,
  type Params,
  random,
  safetensorsMetadata,
  type Tensor,
  tensor,
} from '../../../src/index';

const vocabulary = new CharVocabulary('hello, wörld 🙂');
const sizes = { vocabularySize: vocabulary.size, context: 6, width: 8, heads: 2, layers: 2 };
const make = (more: object = {}) => new GPT({ ...sizes, ...more, key: random.key(1) });
const logits = (model: GPT): number[] =>
  Array.from(model.forward(tensor([[1, 2, 3, 0]], { dtype: 'int32' })).dataSync());
const numbers = (x: Tensor | undefined): number[] => Array.from(x?.dataSync() ?? []);

describe('a GPT in a file', () => {
  it.each([
    {},
    { tieHead: true },
    { dropout: 0.25 },
    { layers: 0, heads: 1 },
    { heads: 3, headWidth: 2 },
    { heads: 4, tieHead: true, dropout: 0.5 },
  ])('with %j comes back with its weights, its characters, and what it is made of', async (more) => {
    const model = make(more);
    const saved = decodeGPT(await encodeGPT(model, { vocabulary }));
    expect(logits(saved.model)).toEqual(logits(model));
    expect(saved.vocabulary.characters).toEqual(vocabulary.characters);
    expect(saved.vocabulary.encode('wörld')).toEqual(vocabulary.encode('wörld'));
    expect(saved.model.dropout.rate).toBe(model.dropout.rate);
    expect(
      saved.model.blocks.map(({ attention, dropout }) => [attention.heads, attention.headWidth, dropout.rate]),
    ).toEqual(model.blocks.map(({ attention, dropout }) => [attention.heads, attention.headWidth, dropout.rate]));
    expect(saved.model.head.weight === saved.model.tokenEmbedding.weight).toBe('tieHead' in more);
  });

  it('is a file that any reader of safetensors opens', async () => {
    const bytes = await encodeGPT(make(), { vocabulary });
    const params = make().parameters();
    const read = decodeSafetensors(bytes);
    expect(Object.keys(read)).toEqual(Object.keys(params));
    for (const [path, x] of Object.entries(params)) expect(numbers(read[path])).toEqual(numbers(x));
    expect(safetensorsMetadata(bytes)).toEqual({
      format: 'pt',
      kind: 'character-level GPT of floragrad',
      sizes: JSON.stringify(sizes),
      characters: JSON.stringify(vocabulary.characters),
    });
  });

  it('is not written of what could not be built again', async () => {
    const adapted = make();
    lora(adapted, { rank: 2, match: 'blocks' });
    const turned = make();
    for (const block of turned.blocks)
      block.attention = new MultiHeadAttention(8, 2, { causal: true, rotary: true, key: random.key(0) });
    await expect(encodeGPT(turned, { vocabulary })).rejects.toThrow(/model\/save/);
    await expect(encodeGPT(adapted, { vocabulary })).rejects.toThrow(/model\/save.*adapters/);
    await expect(encodeGPT(make(), { vocabulary: new CharVocabulary('ab') })).rejects.toThrow(
      /model\/save.*2 characters for 11 tokens/,
    );
  });

  it('may be stored in smaller floats', async () => {
    const bytes = await encodeGPT(make(), { vocabulary });
    const half = await encodeSafetensors(decodeSafetensors(bytes), safetensorsMetadata(bytes), {
      storeAs: () => 'F8_E4M3',
    });
    expect(half.length).toBeLessThan(bytes.length / 2);
    expect(decodeGPT(half).model.context).toBe(6);
  });
});

describe('a file that is no GPT', () => {
  const params = make().parameters();
  const characters = vocabulary.characters;
  const said = (more: object, list: unknown = characters): Record<string, string> => ({
    kind: 'character-level GPT of floragrad',
    sizes: JSON.stringify({ ...sizes, ...more }),
    characters: JSON.stringify(list),
  });
  const file = (metadata: Record<string, string>, tensors: Params = params) => encodeSafetensors(tensors, metadata);
  const { kind: _, ...noKind } = said({});
  const { sizes: __, ...noSizes } = said({});
  const { characters: ___, ...noCharacters } = said({});

  it.each<[string, Record<string, string>]>([
    ['no kind', noKind],
    ['no sizes', noSizes],
    ['no characters', noCharacters],
    ['sizes that are no JSON', { ...said({}), sizes: '{' }],
    ['sizes that are a list', { ...said({}), sizes: '[1,2]' }],
    ['sizes that are null', { ...said({}), sizes: 'null' }],
    ['a size that is unknown', said({ depth: 1 })],
    ['a size that is inherited', { ...said({}), sizes: JSON.stringify(sizes).replace('{', '{"toString":true,') }],
    ['a size of 0', said({ context: 0 })],
    ['a size that is no whole number', said({ width: 8.5 })],
    ['a size in quotes', said({ width: '8' })],
    ['a width that the heads do not divide', said({ heads: 3 })],
    ['heads of width 0', said({ headWidth: 0 })],
    ['heads that are wider than its bytes hold', said({ headWidth: 2 ** 20 })],
    ['a head that is not tied', said({ tieHead: false })],
    ['a dropout above 1', said({ dropout: 2 })],
    ['more layers than its bytes hold', said({ layers: 2 ** 31 - 1 })],
    ['a context that is longer than its bytes hold', said({ context: 2 ** 31 - 1 })],
    ['a width beyond its bytes', said({ width: 2 ** 30 })],
    ['a layer less than its tensors are', said({ layers: 1 })],
    ['a context of other numbers', said({ context: 5 })],
    ['fewer characters than tokens', said({}, characters.slice(1))],
    ['characters that are a text', said({}, characters.join(''))],
    ['a character that is a number', said({}, [...characters.slice(1), 7])],
    ['a character of two', said({}, [...characters.slice(1), 'ab'])],
    ['a character twice', said({}, [...characters.slice(1), 'w'])],
    ['characters in another order', said({}, characters.toReversed())],
    ['nested lists', { ...said({}), characters: `${'['.repeat(50_000)}${']'.repeat(50_000)}` }],
  ])('%s is refused before a model is made', async (_, metadata) => {
    const bytes = await file(metadata);
    const before = memory().tensors;
    expect(() => decodeGPT(bytes)).toThrow(expect.objectContaining({ code: 'model/kind', name: FileError.name }));
    expect(memory().tensors).toBe(before);
  });

  it('is told by what is missing where its weights have other names', async () => {
    const { 'head.weight': head, ...rest } = params;
    const bytes = await file(said({}), { ...rest, 'lm_head.weight': head as Tensor });
    expect(() => decodeGPT(bytes)).toThrow(/model\/kind.*other tensors: load got no values for "head\.weight"/);
  });
});
