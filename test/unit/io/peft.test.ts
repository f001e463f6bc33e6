import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { loadPeft } from '../../../src/node/files';

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

  const refused: readonly (readonly [string, object, Readonly<Record<string, Tensor>>, RegExp])[] = [
    ['DoRA', { use_dora: true }, factors, /peft\/unsupported.*use_dora true/],
    ['trained biases', { bias: 'all' }, factors, /peft\/unsupported.*bias/],
    ['whole modules', { modules_to_save: ['head'] }, factors, /peft\/unsupported.*modules_to_save/],
    ['another method', { peft_type: 'IA3' }, factors, /peft\/unsupported.*IA3/],
    ['a regular expression', { alpha_pattern: { '.*q': 2 } }, factors, /peft\/unsupported.*pattern/],
    ['no rank', { r: 'two' }, factors, /peft\/config.*r "two"/],
    ...(
      [
        ['use_qalora', true],
        ['alora_invocation_tokens', [1, 2]],
        ['layer_replication', [[0, 4]]],
        ['lora_bias', true],
        ['target_parameters', ['experts.w']],
        ['trainable_token_indices', [3]],
        ['fan_in_fan_out', true],
        ['megatron_config', { hidden_size: 8 }],
        ['use_bdlora', { nblocks: 2 }],
        ['arrow_config', { top_k: 2 }],
        ['kasa_config', { beta: 1 }],
        ['ensure_weight_tying', true],
        ['init_lora_weights', 'pissa'],
        ['init_lora_weights', 'pissa_niter_4'],
        ['init_lora_weights', 'olora'],
        ['init_lora_weights', 'OLoRA'],
        ['init_lora_weights', 'corda'],
        ['init_lora_weights', 'loftq'],
        ['init_lora_weights', 'lora_ga'],
        ['init_lora_weights', 1],
        ['use_dora', 1],
        ['modules_to_save', 'head'],
        ['a_setting_of_the_future', 16],
        ['toString', 1],
      ] as const
    ).map(
      ([field, value]) =>
        [
          `${field} ${JSON.stringify(value)}`,
          { [field]: value },
          factors,
          RegExp(`peft/unsupported.*${field} `),
        ] as const,
    ),
    ...(
      [
        ['use_rslora', 1],
        ['use_rslora', 'true'],
        ['lora_dropout', 1],
        ['lora_dropout', -0.1],
        ['lora_dropout', '0.1'],
        ['lora_alpha', '4'],
        ['lora_alpha', null],
        ['r', 2.5],
        ['rank_pattern', 7],
        ['rank_pattern', { other: 0 }],
        ['alpha_pattern', [1]],
        ['alpha_pattern', { other: 'x' }],
        ['target_modules', [1]],
        ['exclude_modules', 7],
        ['base_model_name_or_path', 7],
      ] as const
    ).map(
      ([field, value]) =>
        [`${field} ${JSON.stringify(value)}`, { [field]: value }, factors, RegExp(`peft/config.*${field} `)] as const,
    ),
    ['factors of no target', { target_modules: ['v_proj'] }, factors, /peft\/factors.*target_modules does not name/],
    ['factors of what is excluded', { exclude_modules: ['q_proj'] }, factors, /peft\/factors.*exclude_modules/],
    [
      'one factor twice',
      {},
      { ...factors, [`${query}.lora_embedding_A`]: zeros([2, 5]) },
      /peft\/factors.*two tensors of one factor/,
    ],
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
  ];
  it.each(refused)('refuses %s', async (_, config, names, message) => {
    const files = await written(config, names);
    expect(() => decodePeft(files)).toThrow(message);
  });

  it('reads over settings that leave the function as it is, and over those that are switched off', async () => {
    const plain = decodePeft(await written({}, factors));
    const settings = [
      {
        task_type: 'CAUSAL_LM',
        peft_version: '0.19.0',
        revision: 'main',
        inference_mode: true,
        auto_mapping: { a: 1 },
      },
      { layers_to_transform: [0], layers_pattern: 'layers', megatron_core: 'megatron.core', qalora_group_size: 16 },
      { loftq_config: { loftq_bits: 4 }, eva_config: { rho: 2 }, corda_config: null, runtime_config: {} },
      { init_lora_weights: 'gaussian', target_modules: '.*_proj' },
      { init_lora_weights: 'eva', target_modules: null },
      { init_lora_weights: false, exclude_modules: ['v_proj'], modules_to_save: [] },
      { use_dora: null, bias: null, lora_dropout: null, use_rslora: null, rank_pattern: null, alpha_pattern: {} },
      { a_switch_of_the_future: false, another: null, a_list: [], a_record: {} },
    ];
    for (const setting of settings) {
      const { params, ...rest } = decodePeft(await written(setting, factors));
      expect(rest, JSON.stringify(setting)).toEqual({ ...plain, params: undefined });
      expect(Object.keys(params)).toEqual(Object.keys(plain.params));
    }
  });

  it('takes the first pattern that fits, whatever its length', async () => {
    const files = { alpha_pattern: { 'other.q_proj': 1, q_proj: 16, 'self_attn.q_proj': 32 } };
    expect(Object.values(decodePeft(await written(files, factors)).alphas ?? {})).toEqual([16]);
  });

  it('says how to save what changed the base weights', async () => {
    const files = await written({ init_lora_weights: 'pissa' }, factors);
    expect(() => decodePeft(files)).toThrow(/change the base weights.*path_initial_model_for_weight_conversion/);
  });

  it('does not read a configuration of more than 16 MiB', async () => {
    const config = ' '.repeat(2 ** 24 + 1);
    expect(() => decodePeft({ config, model: new Uint8Array() })).toThrow(/peft\/config.*16777217 bytes/);
    const folder = await mkdtemp(join(tmpdir(), 'floragrad-peft-'));
    try {
      await writeFile(join(folder, 'adapter_config.json'), '');
      await truncate(join(folder, 'adapter_config.json'), 576e6); // no block of it is on the disk
      await expect(loadPeft(folder)).rejects.toThrow(/peft\/config.*576000000 bytes/); // and the other file is not there
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('refuses to write what is no pair of factors', async () => {
    await expect(encodePeft({ params: { weight: tensor([1]) }, rank: 1, alpha: 1 })).rejects.toThrow(/peft\/factors/);
    await expect(encodePeft({ ...adapter, rank: 0 })).rejects.toThrow(/options\/range/);
    expect(() => decodePeft({ config: '{', model: new Uint8Array() })).toThrow(/peft\/config/);
  });
});
