import { expect, it } from 'vitest';
import { GPT, generate, type LanguageModel, random } from '../../../src/index';

it('makes the same tokens with a cache and without one, also beyond the context', async () => {
  const model = new GPT({ vocabularySize: 17, context: 24, width: 16, heads: 2, layers: 2, key: random.key(0) });
  const bare: LanguageModel = { context: model.context, forward: (ids) => model.forward(ids) };
  const tokens = async (of: LanguageModel): Promise<number[]> => {
    const ids: number[] = [];
    for await (const id of generate(of, { prompt: [1, 2, 3], length: 40, key: random.key(3) })) ids.push(id);
    return ids;
  };
  expect(await tokens(model)).toEqual(await tokens(bare));
});
