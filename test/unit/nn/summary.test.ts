import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Dropout, GPT, Linear, lora, MLP, Module, OptionError, random, relu, Sequential, summary } from '../../../src';
import { ones } from '../../../src/tensor/ops/create';

const key = random.key(0);

describe('summary', () => {
  it('of an MLP: layers, shapes and counts', () => {
    const { rows, ...totals } = summary(new MLP({ sizes: [3, 4, 2], key }));
    expect(totals).toEqual({ kind: 'MLP', parameters: 26, trainable: 26, adapters: 0, bytes: 104 });
    expect(rows).toEqual([
      {
        path: 'layers.0',
        kind: 'Linear',
        shapes: { weight: [4, 3], bias: [4] },
        tied: {},
        parameters: 16,
        trainable: 16,
        adapter: null,
      },
      {
        path: 'layers.1',
        kind: 'Linear',
        shapes: { weight: [2, 4], bias: [2] },
        tied: {},
        parameters: 10,
        trainable: 10,
        adapter: null,
      },
    ]);
  });

  it('of a GPT: by hand, with a tied head once', () => {
    const sizes = { vocabularySize: 11, context: 5, width: 4, heads: 2, layers: 2, key };
    // Embeddings 11·4 + 5·4; a block: norms 2·8, qkv 12·4 + 12, proj 4·4 + 4, fc 16·4 + 16, proj 4·16 + 4; norm 8; head 44.
    const block = 16 + 60 + 20 + 80 + 68;
    const own = summary(new GPT(sizes));
    const tied = summary(new GPT({ ...sizes, tieHead: true }));
    expect(tied.parameters).toBe(44 + 20 + 2 * block + 8);
    expect(own.parameters).toBe(tied.parameters + 44);
    const head = (table: typeof own) => table.rows.find(({ path }) => path === 'head');
    expect(head(own)).toMatchObject({ shapes: { weight: [11, 4] }, tied: {}, parameters: 44 });
    expect(head(tied)).toMatchObject({ shapes: {}, tied: { weight: 'tokenEmbedding.weight' }, parameters: 0 });
    expect(String(tied)).toMatch(/^head +Linear +weight = tokenEmbedding\.weight +0 +0$/m);
    for (const table of [own, tied]) {
      expect(table.rows.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(table.parameters);
      expect(table.rows.reduce((sum, { trainable }) => sum + trainable, 0)).toBe(table.trainable);
    }
  });

  it('tells frozen from trainable, and adapters from layers', () => {
    const model = new MLP({ sizes: [3, 4, 2], key });
    model.freeze('layers.0.weight');
    expect(summary(model)).toMatchObject({ parameters: 26, trainable: 14 });
    expect(summary(model).rows.map(({ trainable }) => trainable)).toEqual([4, 10]);
    model.unfreeze('layers.0.weight');
    lora(model, { rank: 1, match: 'layers.0' }); // A [1, 3], B [4, 1]
    const adapted = summary(model);
    expect(adapted).toMatchObject({ parameters: 33, trainable: 7, adapters: 7, bytes: 132 });
    expect(adapted.rows.map(({ path, kind, trainable, adapter }) => [path, kind, trainable, adapter])).toEqual([
      ['layers.0', 'Linear', 0, 'LoraLinear'],
      ['layers.0.lora', 'LoraLinear', 7, null],
      ['layers.1', 'Linear', 0, null],
    ]);
    expect(String(adapted)).toMatch(/\nMLP: 33 parameters \(132 bytes\), 7 trainable, 7 in adapters$/);
  });

  it('of a single layer, of layers without parameters, and of fields that are arrays', () => {
    class Mixture extends Module {
      scales = [ones([2]), ones([3])];
      ids = ones([4]).cast('int32');
      parts = [new Linear(1, 1, { key }), new Dropout(0.5)];
      forward(): void {}
    }
    expect(summary(new Mixture()).rows.map(({ path, shapes }) => [path, shapes])).toEqual([
      ['', { 'scales.0': [2], 'scales.1': [3] }],
      ['parts.0', { weight: [1, 1], bias: [1] }],
      ['parts.1', {}],
    ]);
    expect(summary(new Linear(2, 3, { bias: false, key })).rows).toHaveLength(1);
    expect(String(summary(new Sequential([relu])))).toMatch(/^\(the model\) +Sequential +0 +0$/m);
  });

  it('prints as a table whose columns are aligned', () => {
    const lines = [
      'layer     kind    shapes                         parameters  trainable  adapter',
      'layers.0  Linear  weight [1000, 3], bias [1000]       4,000      4,000',
      'layers.1  Linear  weight [2, 1000], bias [2]          2,002      2,002',
      'MLP: 6,002 parameters (24,008 bytes), 6,002 trainable',
    ];
    const table = summary(new MLP({ sizes: [3, 1000, 2], key }));
    expect(String(table).split('\n')).toEqual(lines);
    expect(inspect(table)).toBe(String(table));
  });

  it('refuses what is no model', () => {
    for (const wrong of [undefined, {}, new MLP({ sizes: [1, 1], key }).parameters(), 3])
      expect(() => summary(wrong as never)).toThrow(OptionError);
  });
});
