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
    ['DoRA without magnitudes', { use_dora: true }, factors, /peft\/factors.*without magnitude/],
    [
      'magnitudes without DoRA',
      {},
      { ...factors, [`${query}.lora_magnitude_vector`]: zeros([1]) },
      /peft\/unsupported/,
    ],
  ];
  it.each(refused)('refuses %s', async (_, config, names, message) => {
    const files = await written(config, names);
    expect(() => decodePeft(files)).toThrow(message);
  });

  const path = 'model.layers.0.self_attn.q_proj';
  const ada = { peft_type: 'ADALORA', r: 8, init_r: 4, target_r: 2, deltaT: 1, total_step: 10 };
  const adaFactors = {
    [`${query}.lora_A`]: normal(3, 2, 5),
    [`${query}.lora_B`]: normal(4, 7, 2),
    [`${query}.lora_E`]: normal(5, 2, 1),
  };
  const pattern = { [`${path}.lora_E`]: [true, false, false, true] };
  const vera = {
    peft_type: 'VERA',
    save_projection: true,
    projection_prng_key: 3,
    d_initial: 0.1,
    lora_alpha: undefined,
  };
  const veraFactors = {
    [`${query}.vera_lambda_b`]: normal(3, 7),
    [`${query}.vera_lambda_d`]: normal(4, 2),
    'base_model.vera_A': normal(5, 2, 9),
    'base_model.vera_B': normal(6, 8, 2),
  };

  it('of DoRA has magnitudes, by either of two names', async () => {
    const magnitude = normal(6, 7);
    for (const end of ['', '.weight']) {
      const names = { ...factors, [`${query}.lora_magnitude_vector${end}`]: magnitude };
      const read = decodePeft(await written({ use_dora: true, use_rslora: true, alpha_pattern: { q_proj: 6 } }, names));
      expect(read).toMatchObject({ kind: 'dora', rank: 2, alpha: 4, rankStabilized: true, alphas: { [path]: 6 } });
      expect(numbers(read.params[`${path}.lora.magnitude`])).toEqual(numbers(magnitude));
      const again = await encodePeft(read);
      expect(Object.keys(decodeSafetensors(again.model)).at(-1)).toBe(`${query}.lora_magnitude_vector`);
      expect(JSON.parse(again.config)).toMatchObject({ peft_type: 'LORA', use_dora: true, use_rslora: true });
      const { params, ...rest } = decodePeft(again);
      expect(rest).toEqual({ ...read, params: undefined });
      expect(numbers(params[`${path}.lora.magnitude`])).toEqual(numbers(magnitude));
    }
  });

  it('of AdaLoRA has what is left of the first rank, which its scale goes by', async () => {
    const read = decodePeft(await written({ ...ada, rank_pattern: pattern }, adaFactors));
    expect(read).toMatchObject({ kind: 'adalora', rank: 4, alpha: 4 });
    expect(Object.entries(read.params).map(([name, { shape }]) => [name, shape])).toEqual([
      [`${path}.lora.A`, [2, 5]],
      [`${path}.lora.B`, [7, 2]],
      [`${path}.lora.E`, [2, 1]],
    ]);
    const again = await encodePeft(read);
    expect(JSON.parse(again.config)).toMatchObject({
      peft_type: 'ADALORA',
      init_r: 4,
      rank_pattern: { [`${path}.lora_E`]: [true, true, false, false] },
    });
    expect(Object.keys(decodeSafetensors(again.model))).toEqual(Object.keys(adaFactors));
    expect(decodePeft(again)).toMatchObject({ kind: 'adalora', rank: 4, alpha: 4 });
    expect(decodePeft(await written({ ...ada, lora_alpha: 0, rank_pattern: pattern }, adaFactors)).alpha).toBe(4);
  });

  it('of VeRA has two vectors for each path, and the projections that all share', async () => {
    const read = decodePeft(await written(vera, veraFactors));
    expect(read).toMatchObject({ kind: 'vera', rank: 2, alpha: 2, dropout: 0 });
    expect(numbers(read.projections?.A)).toEqual(numbers(veraFactors['base_model.vera_A']));
    expect(numbers(read.projections?.B)).toEqual(numbers(veraFactors['base_model.vera_B']));
    expect(numbers(read.params[`${path}.lora.b`])).toEqual(numbers(veraFactors[`${query}.vera_lambda_b`]));
    expect(numbers(read.params[`${path}.lora.d`])).toEqual(numbers(veraFactors[`${query}.vera_lambda_d`]));
    const again = await encodePeft({ ...read, dropout: 0.25 });
    expect(Object.keys(decodeSafetensors(again.model))).toEqual(Object.keys(veraFactors));
    expect(JSON.parse(again.config)).toMatchObject({
      peft_type: 'VERA',
      r: 2,
      save_projection: true,
      vera_dropout: 0.25,
    });
    expect(decodePeft(again)).toMatchObject({ kind: 'vera', rank: 2, dropout: 0.25 });
  });

  const without = (names: Readonly<Record<string, Tensor>>, name: string): Readonly<Record<string, Tensor>> =>
    Object.fromEntries(Object.entries(names).filter(([own]) => own !== name));
  const magnitude = `${query}.lora_magnitude_vector`;
  it.each<[string, object, Readonly<Record<string, Tensor>>, RegExp]>([
    [
      'magnitudes of other rows',
      { use_dora: true },
      { ...factors, [magnitude]: zeros([6]) },
      /factors.*magnitude \[6\].*\[7\]/,
    ],
    [
      'magnitudes of embeddings',
      { use_dora: true },
      {
        [`${query}.lora_embedding_A`]: zeros([2, 5]),
        [`${query}.lora_embedding_B`]: zeros([7, 2]),
        [magnitude]: zeros([7]),
      },
      /unsupported.*lora_embedding_A/,
    ],
    ['AdaLoRA without its values', ada, without(adaFactors, `${query}.lora_E`), /factors.*without E/],
    ['AdaLoRA of another rank', ada, adaFactors, /factors.*of rank 2.*rank 4/],
    ['AdaLoRA with LoRA’s names', { ...ada, rank_pattern: pattern }, factors, /unsupported.*lora_A\.weight/],
    ['LoRA with AdaLoRA’s names', {}, adaFactors, /unsupported.*lora_A/],
    ['AdaLoRA with ranks by number', { ...ada, rank_pattern: { q_proj: 2 } }, adaFactors, /config.*rank_pattern/],
    ['AdaLoRA with magnitudes', { ...ada, use_dora: true }, adaFactors, /unsupported.*use_dora/],
    ['AdaLoRA with the scale of rsLoRA', { ...ada, use_rslora: true }, adaFactors, /unsupported.*use_rslora/],
    [
      'AdaLoRA from a start that changed the base',
      { ...ada, init_lora_weights: 'pissa' },
      adaFactors,
      /unsupported.*pissa/,
    ],
    ['AdaLoRA without a first rank', { ...ada, init_r: undefined }, adaFactors, /config.*init_r/],
    [
      'VeRA whose projections were not saved',
      { ...vera, save_projection: false },
      veraFactors,
      /unsupported.*save_projection false/,
    ],
    [
      'VeRA that does not say so',
      { ...vera, save_projection: undefined },
      veraFactors,
      /unsupported.*save_projection null/,
    ],
    ['VeRA without projections', vera, without(veraFactors, 'base_model.vera_B'), /factors.*no projections/],
    [
      'VeRA with other projections',
      vera,
      { ...veraFactors, 'base_model.vera_B': zeros([6, 2]) },
      /factors.*at least 7/,
    ],
    ['VeRA of a rank of its own', { ...vera, rank_pattern: { q_proj: 3 } }, veraFactors, /unsupported.*rank_pattern/],
    ['VeRA with one vector', vera, without(veraFactors, `${query}.vera_lambda_d`), /factors.*without d/],
    ['VeRA with biases', { ...vera, bias: 'vera_only' }, veraFactors, /unsupported.*bias/],
    ['projections of LoRA', {}, { ...factors, 'base_model.vera_A': zeros([2, 5]) }, /unsupported.*base_model\.vera_A/],
    ['a method that every object has', { peft_type: 'toString' }, factors, /unsupported.*toString/],
  ])('refuses %s', async (_, config, names, message) => {
    const files = await written(config, names);
    expect(() => decodePeft(files)).toThrow(message);
  });

  it('refuses to write what PEFT would not read', async () => {
    const params = { 'a.lora.b': zeros([3]), 'a.lora.d': zeros([2]) };
    await expect(encodePeft({ kind: 'vera', params, rank: 2, alpha: 2 })).rejects.toThrow(/factors.*no projections/);
    await expect(encodePeft({ ...adapter, kind: 'dora' })).rejects.toThrow(/factors.*without magnitude/);
    const { 'w.lora.A': A, 'w.lora.B': B } = pair('w', 2, 3, 4);
    const dora = { 'w.lora.A': A as Tensor, 'w.lora.B': B as Tensor, 'w.lora.magnitude': zeros([3]) };
    const given = { kind: 'dora', params: dora, rank: 2, alpha: 2, embeddings: ['w'] } as const;
    await expect(encodePeft(given)).rejects.toThrow(/factors.*embedding "w" of dora/);
    const ofAda = { 'w.lora.A': A as Tensor, 'w.lora.B': B as Tensor, 'w.lora.E': zeros([2, 1]) };
    await expect(encodePeft({ kind: 'adalora', params: ofAda, rank: 1, alpha: 1 })).rejects.toThrow(
      /at most 1, the first/,
    );
    await expect(encodePeft({ kind: 'lora', params: ofAda, rank: 2, alpha: 1 })).rejects.toThrow(/w\.lora\.E/);
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
