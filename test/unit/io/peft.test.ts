import { describe, expect, it } from 'vitest';
import {
  decodePeft,
  decodeSafetensors,
  encodePeft,
  encodeSafetensors,
  type PeftAdapter,
  random,
  type Tensor,
  tensor,
  zeros,
} from '../../../src/index';

const numbers = (x: Tensor | undefined): number[] => Array.from(x?.dataSync() ?? []);
const normal = (seed: number, ...shape: number[]): Tensor => random.normal(random.key(seed), shape);
const pair = (path: string, rank: number, outputs: number, inputs: number) => ({
  [`${path}.lora.A`]: normal(1, rank, inputs),
  [`${path}.lora.B`]: normal(2, outputs, rank),
});

const adapter: PeftAdapter = {
  params: { ...pair('blocks.0.attention.qkv', 2, 12, 4), ...pair('head', 3, 9, 4), ...pair('tokenEmbedding', 2, 4, 9) },
  rank: 2,
  alpha: 8,
  alphas: { head: 6 },
  rankStabilized: true,
  dropout: 0.1,
  embeddings: ['tokenEmbedding'],
  base: 'moby-dick',
};

/** The files as PEFT itself would write them, from its documentation of the format. */
const written = async (config: object, names: Readonly<Record<string, Tensor>>) => ({
  config: JSON.stringify({ peft_type: 'LORA', r: 2, lora_alpha: 4, target_modules: ['q_proj'], ...config }),
  model: await encodeSafetensors(names),
});
const query = 'base_model.model.model.layers.0.self_attn.q_proj';
const factors = { [`${query}.lora_A.weight`]: normal(3, 2, 5), [`${query}.lora_B.weight`]: normal(4, 7, 2) };

describe("PEFT's format", () => {
  it('is written with its names and its settings', async () => {
    const { config, model } = await encodePeft(adapter);
    expect(Object.keys(decodeSafetensors(model))).toEqual([
      'base_model.model.blocks.0.attention.qkv.lora_A.weight',
      'base_model.model.blocks.0.attention.qkv.lora_B.weight',
      'base_model.model.head.lora_A.weight',
      'base_model.model.head.lora_B.weight',
      'base_model.model.tokenEmbedding.lora_embedding_A',
      'base_model.model.tokenEmbedding.lora_embedding_B',
    ]);
    expect(JSON.parse(config)).toMatchObject({
      peft_type: 'LORA',
      r: 2,
      lora_alpha: 8,
      lora_dropout: 0.1,
      target_modules: ['blocks.0.attention.qkv', 'head', 'tokenEmbedding'],
      rank_pattern: { head: 3 },
      alpha_pattern: { head: 6 },
      use_rslora: true,
      bias: 'none',
      base_model_name_or_path: 'moby-dick',
    });
  });

  it('comes back as it was', async () => {
    const read = decodePeft(await encodePeft(adapter));
    const { params, ...rest } = read;
    expect(rest).toEqual({ ...adapter, params: undefined });
    expect(Object.keys(params)).toEqual(Object.keys(adapter.params));
    for (const [name, x] of Object.entries(adapter.params)) expect(numbers(params[name])).toEqual(numbers(x));
  });

  it('is read as PEFT writes it, patterns that name the end of a path too', async () => {
    const wide = { [`${query}.lora_A.weight`]: normal(3, 4, 5), [`${query}.lora_B.weight`]: normal(4, 7, 4) };
    const read = decodePeft(await written({ rank_pattern: { q_proj: 4 }, alpha_pattern: { q_proj: 16 } }, wide));
    const path = 'model.layers.0.self_attn.q_proj';
    expect(Object.keys(read.params)).toEqual([`${path}.lora.A`, `${path}.lora.B`]);
    expect(read).toMatchObject({ rank: 2, alpha: 4, alphas: { [path]: 16 }, rankStabilized: false, dropout: 0 });
  });

  it.each([
    ['DoRA', { use_dora: true }, factors, /peft\/unsupported.*use_dora true/],
    ['trained biases', { bias: 'all' }, factors, /peft\/unsupported.*bias/],
    ['whole modules', { modules_to_save: ['head'] }, factors, /peft\/unsupported.*modules_to_save/],
    ['another method', { peft_type: 'IA3' }, factors, /peft\/unsupported.*IA3/],
    ['a regular expression', { alpha_pattern: { '.*q': 2 } }, factors, /peft\/unsupported.*pattern/],
    ['no rank', { r: 'two' }, factors, /peft\/config.*r two/],
    ['a rank of 0', { r: 0 }, factors, /peft\/config/],
    ['another rank', { r: 3 }, factors, /peft\/factors.*of rank 2.*rank 3/],
    ['a factor alone', {}, { [`${query}.lora_A.weight`]: zeros([2, 5]) }, /peft\/factors.*without B/],
    [
      'factors that do not fit',
      {},
      { ...factors, [`${query}.lora_B.weight`]: zeros([7, 3]) },
      /peft\/factors.*\[7, 3\]/,
    ],
    [
      'other tensors',
      {},
      { ...factors, 'base_model.model.head.weight': zeros([1]) },
      /peft\/unsupported.*head\.weight/,
    ],
    ['a magnitude vector', {}, { ...factors, [`${query}.lora_magnitude_vector`]: zeros([1]) }, /peft\/unsupported/],
  ])('refuses %s', async (_, config, names, message) => {
    const files = await written(config, names as Readonly<Record<string, Tensor>>);
    expect(() => decodePeft(files)).toThrow(message);
  });

  it('refuses to write what is no pair of factors', async () => {
    await expect(encodePeft({ params: { weight: tensor([1]) }, rank: 1, alpha: 1 })).rejects.toThrow(/peft\/factors/);
    await expect(encodePeft({ ...adapter, rank: 0 })).rejects.toThrow(/options\/range/);
    expect(() => decodePeft({ config: '{', model: new Uint8Array() })).toThrow(/peft\/config/);
  });
});
