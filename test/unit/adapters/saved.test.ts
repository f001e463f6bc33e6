import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { adapterMethods } from '../../../src/adapters/adapter-methods';
import { isShifted, originOf } from '../../../src/adapters/origin';
import {
  Adapter,
  adaptersOf,
  attachAdapters,
  attachPeft,
  attachSaved,
  compact,
  decodeAdapters,
  Embedding,
  encodeAdapters,
  encodeSafetensors,
  GPT,
  gradientSvd,
  linear,
  lora,
  loraGa,
  lors,
  MLP,
  type Module,
  mean,
  mergeAdapters,
  type Params,
  peftOf,
  periodicLora,
  prune,
  random,
  type SavedAdapters,
  Sequential,
  savedAdapters,
  sgd,
  square,
  type Tensor,
  tensor,
  unmergeAdapters,
  xgbLora,
  zeros,
} from '../../../src/index';
import { loadAdapters, saveAdapters } from '../../../src/node';
import { adapterRows } from '../../laws/adapters';
import { numbers, open, scatter } from './cases';

const make = (): GPT => new GPT({ vocabularySize: 7, context: 4, width: 4, heads: 2, layers: 1, key: random.key(0) });
const ids = (): Tensor => tensor([[1, 4, 6, 2]], { dtype: 'int32' });
const through = async (model: Module): Promise<SavedAdapters> =>
  decodeAdapters(await encodeAdapters(savedAdapters(model)));
const trained = (model: Module): string[] => Object.keys(model.parameters({ trainable: true }));
const key = random.key(9);

/** Each makes the base ready and attaches. */
const rows: Readonly<Record<string, { base?: (model: GPT) => void; attach: (model: GPT) => void; settings: object }>> =
  {
    lora: { attach: (model) => lora(model, { rank: 2, alpha: 3, match: 'blocks' }), settings: { rank: 2, alpha: 3 } },
    'lora with everything': {
      attach(model) {
        const options = { rank: 2, alpha: 3, rankStabilized: true, dropout: 0.5, seed: 4, init: 'gaussian' } as const;
        lora(model, { ...options, freezeA: true, mask: true, match: 'blocks' });
        lora(model, { rank: 3, match: 'tokenEmbedding' });
      },
      settings: { rankStabilized: true, dropout: 0.5, seed: 4, init: 'gaussian', freezeA: true, mask: true },
    },
    'lora from a gradient, which leaves the weight alone': {
      attach(model) {
        const loss = (x: Tensor): Tensor => mean(square(model.forward(x)));
        lora(model, { rank: 2, init: gradientSvd({ loss, batches: [ids()] }), match: 'blocks' });
      },
      settings: { rank: 2 },
    },
    ...Object.fromEntries(
      (['lors', 'sqft', 'sp-lora', 'spp'] as const).map((method) => [
        method,
        {
          base: (model: GPT) => prune(model, { sparsity: 0.5, match: 'blocks' }),
          attach: (model: GPT) => lors(model, { rank: 2, alpha: 3, rankStabilized: false, method, match: 'blocks' }),
          settings: { method, rankStabilized: false },
        },
      ]),
    ),
  };

describe('savedAdapters', () => {
  it.each(Object.entries(rows))('%s comes back as it was, bit for bit', async (_, { base, attach, settings }) => {
    const [from, to] = [make(), make()];
    for (const model of [from, to]) base?.(model);
    attach(from);
    scatter(from, random.key(1), /lora/);
    const saved = await through(from);
    expect(saved.methods.find(({ paths }) => paths.includes('blocks.0.mlp.fc'))?.settings).toMatchObject(settings);
    expect(numbers(to.forward(ids()))).not.toEqual(numbers(from.forward(ids())));
    const report = attachSaved(to, saved);
    expect(numbers(to.forward(ids(), { key }))).toEqual(numbers(from.forward(ids(), { key })));
    expect(open(to.state())).toEqual(open(from.state()));
    expect(trained(to)).toEqual(trained(from));
    expect(report.adapted.map(({ path }) => path)).toEqual(adaptersOf(from).map(({ path }) => path));
    expect(report.trainable).toBe(trained(from).reduce((sum, path) => sum + (from.parameters()[path]?.size ?? 0), 0));
    expect(report.untouched.some(({ path }) => path.startsWith('blocks.0.mlp.fc.weight'))).toBe(false);
    to.unfreeze((path) => report.frozen.includes(path));
    expect(trained(to)).toEqual(expect.arrayContaining(trained(make())));
  });

  it('keeps what was called apart, with the layers and the settings of each', async () => {
    const model = make();
    lora(model, { rank: 2, match: 'head' });
    lora(model, { rank: 3, match: 'blocks.0.mlp' });
    const { methods, params } = await through(model);
    expect(methods.map(({ method, settings, paths }) => [method, settings.rank, paths])).toEqual([
      ['lora', 3, ['blocks.0.mlp.fc', 'blocks.0.mlp.proj']],
      ['lora', 2, ['head']],
    ]);
    expect(Object.keys(params)).toHaveLength(6);
  });

  it('takes adapters that are merged, compacted, or from PEFT, and a model that is one layer', async () => {
    const [from, peft, masked] = [make(), make(), make()];
    lora(from, { rank: 2, alpha: 5, match: 'blocks', dropout: 0.5 });
    scatter(from, random.key(1), /lora/);
    attachPeft(peft, peftOf(from));
    lora(masked, { rank: 3, mask: true, match: 'head', freezeA: true });
    masked.load({ ...masked.state(), 'head.lora.mask': tensor([1, 0, 1]) });
    scatter(masked, random.key(1), /lora\.B/);
    await compact(masked);
    for (const model of [from, peft, masked]) {
      const expected = numbers(model.forward(ids(), { key }));
      mergeAdapters(model);
      const saved = await through(model);
      unmergeAdapters(model);
      const to = make();
      attachSaved(to, saved);
      expect(numbers(to.forward(ids(), { key }))).toEqual(expected);
      expect(trained(to)).toEqual(trained(model));
    }
    const [one, other] = [1, 2].map((seed) => new Embedding(5, 4, { key: random.key(seed) })) as [Embedding, Embedding];
    lora(one, { rank: 2, match: () => true });
    attachSaved(other, await through(one));
    expect(numbers(other.lora?.state().B as Tensor)).toEqual(numbers(one.lora?.state().B as Tensor));
  });

  it('refuses, by name, what a file cannot make again', async () => {
    class Gain extends Adapter {
      gain = zeros([1]);
      readonly additive = true;
      forward(x: Tensor, weight: Tensor): Tensor {
        return linear(x, weight);
      }
    }
    const inner = sgd({ learningRate: 0.1 });
    const loraFrom = (model: MLP): void => {
      const loss = (x: Tensor): Tensor => mean(square(model.forward(x)));
      lora(model, { rank: 2, mask: true, init: loraGa({ loss, batches: [random.normal(random.key(3), [3, 4])] }) });
    };
    const wrong: readonly [(model: MLP) => unknown, RegExp][] = [
      [
        (model) => periodicLora(model, { rank: 2, stageSteps: 3, inner }),
        /periodicLora: its stages go into the weights/,
      ],
      [(model) => xgbLora(model, { stageSteps: 3, inner }), /xgbLora: its rounds go into the weights/],
      [(model) => attachAdapters(model, { make: () => new Gain() }), /"layers\.0" that no method of the library/],
      [loraFrom, /"layers\.0" whose start has changed the weight/],
      [
        async (model) => {
          loraFrom(model);
          const masks = Object.keys(model.state()).filter((path) => path.endsWith('mask'));
          model.load({ ...model.state(), ...Object.fromEntries(masks.map((path) => [path, tensor([1, 0])])) });
          await compact(model);
        },
        /"layers\.0" whose start has changed the weight/,
      ],
      [(model) => void model, /adapter\/none/],
    ];
    for (const [attach, message] of wrong) {
      const model = new MLP({ sizes: [4, 4, 4], key: random.key(0) });
      await attach(model);
      expect(() => savedAdapters(model)).toThrow(message);
    }
  });
});

describe('each adapter that is held to the laws', () => {
  it.each(Object.entries(adapterRows))('%s is saved as it is, or refused by name', async (_, row) => {
    const [from, to] = [row.layer(), row.layer()];
    row.attach(from);
    scatter(from, random.key(1), /lora(?!\.mask)/);
    let saved: SavedAdapters;
    try {
      saved = await through(from);
    } catch (error) {
      expect(String(error)).toMatch(/adapter-file\/not-saved/);
      return;
    }
    attachSaved(to, saved);
    expect(open(to.state())).toEqual(open(from.state()));
    const output = (layer: typeof from): number[] => numbers(layer.forward(row.input(), { key }));
    expect(output(to)).toEqual(output(from));
  });

  it('is saved, but for those whose start or whose stages have changed the weight', () => {
    const refused = Object.entries(adapterRows).filter(([, row]) => {
      const layer = row.layer();
      row.attach(layer);
      const has = Object.hasOwn(adapterMethods, originOf(layer.lora as Adapter)?.method ?? '');
      if (has && !isShifted(layer.lora as Adapter)) expect(savedAdapters(layer).methods).toHaveLength(1);
      else expect(() => savedAdapters(layer)).toThrow(/adapter-file\/not-saved/);
      return !has || isShifted(layer.lora as Adapter);
    });
    expect(refused.map(([name]) => name).sort()).toEqual(
      ['lora from LoRA-GA, as PEFT', 'lora from PiSSA', 'reLora', 'xgbLora'].sort(),
    );
  });
});

describe('attachSaved', () => {
  const saved = (): SavedAdapters => {
    const model = make();
    lora(model, { rank: 2, match: 'blocks' });
    scatter(model, random.key(1), /lora/);
    lora(model, { rank: 3, match: 'head' });
    return savedAdapters(model);
  };
  type Change = (given: SavedAdapters) => SavedAdapters;
  const first =
    (change: object): Change =>
    ({ methods: [row, ...rest], params }) => ({
      methods: [{ ...(row as SavedAdapters['methods'][number]), ...change }, ...rest],
      params,
    });
  const last =
    (change: object): Change =>
    ({ methods: [row, other], params }) => ({
      methods: [row, { ...other, ...change }] as SavedAdapters['methods'],
      params,
    });
  const params =
    (change: Params, without?: string): Change =>
    (given) => ({
      ...given,
      params: Object.fromEntries(Object.entries({ ...given.params, ...change }).filter(([name]) => name !== without)),
    });
  const refusals: readonly [string, Change, RegExp][] = [
    ['a method that is not here', last({ method: 'xora' }), /adapter-file\/method.*"xora".*lora, loraMini, lors/],
    ['a name that every object has', first({ method: 'toString' }), /adapter-file\/method.*"toString"/],
    ['a method without a line', first({ method: 'periodicLora' }), /adapter-file\/method.*"periodicLora"/],
    ['a setting of the future', last({ settings: { rank: 3, twist: 1 } }), /adapter-file\/settings.*"lora".*"twist"/],
    ['a setting out of range', last({ settings: { rank: 3, dropout: 2 } }), /adapter-file\/settings.*dropout = 2/],
    [
      'settings of another method',
      last({ method: 'lors', settings: { rank: 3, mask: true } }),
      /settings.*"lors".*"mask"/,
    ],
    [
      'a rank for which there are no tensors',
      first({ settings: { rank: 2 ** 40 } }),
      /adapter-file\/model.*rank 1099511627776.*at most 16/,
    ],
    [
      'a largest rank for which there are no tensors',
      first({ method: 'geoLora', settings: { rank: 2, maxRank: 2 ** 40 } }),
      /adapter-file\/model.*rank 1099511627776/,
    ],
    ['another rank', last({ settings: { rank: 4 } }), /adapter-file\/model.*"head\.lora\.A" \[3, 4\].*\[4, 4\]/],
    ['no such layer', last({ paths: ['tail'] }), /adapter-file\/model.*"tail", which is no layer/],
    [
      'a layer that the method does not take',
      last({ method: 'lors', settings: { rank: 3 }, paths: ['head', 'tokenEmbedding'] }),
      /adapter-file\/model.*lors of "tokenEmbedding", not a Linear/,
    ],
    [
      'layers that are none of the method’s',
      last({ method: 'lors', settings: {}, paths: ['tokenEmbedding'] }),
      /adapter-file\/settings.*no layer to adapt/,
    ],
    ['a missing tensor', params({}, 'head.lora.B'), /adapter-file\/model.*no tensor "head\.lora\.B"/],
    ['a tensor too many', params({ 'head.lora.C': zeros([1]) }), /adapter-file\/model.*"head\.lora\.C"/],
    ['another shape', params({ 'head.lora.B': zeros([6, 3]) }), /"head\.lora\.B" \[6, 3\].*\[7, 3\]/],
    [
      'another dtype',
      params({ 'head.lora.B': tensor(new Array(21).fill(0), { shape: [7, 3], dtype: 'int32' }) }),
      /"head\.lora\.B".*int32/,
    ],
    ['no method', (given) => ({ ...given, methods: [] }), /adapter-file\/method/],
  ];

  it.each(refusals)('refuses %s, and leaves the model as it was', (_, change, message) => {
    const model = make();
    const [before, open] = [Object.keys(model.state()), trained(model)];
    expect(() => attachSaved(model, change(saved()))).toThrow(message);
    expect([Object.keys(model.state()), trained(model)]).toEqual([before, open]);
    attachSaved(model, saved());
    expect(trained(model)).toHaveLength(10);
  });

  it('refuses layers that are adapted or shared', () => {
    const model = make();
    lora(model, { rank: 2, match: 'head' });
    expect(() => attachSaved(model, saved())).toThrow(/adapter-file\/model.*"head".*adapted already/);
    const layer = new MLP({ sizes: [4, 4], key: random.key(0) });
    lora(layer, { rank: 2 });
    const { methods, params } = savedAdapters(layer);
    const both = new Sequential([layer, new MLP({ sizes: [4, 4], key: random.key(0) })]);
    (both.layers[1] as MLP).layers[0] = Object.assign((both.layers[1] as MLP).layers[0] as object, {
      weight: layer.layers[0]?.weight,
    }) as MLP['layers'][number];
    const moved = methods.map((row) => ({ ...row, paths: ['layers.1.layers.0'] }));
    const renamed: Params = Object.fromEntries(Object.entries(params).map(([name, x]) => [`layers.1.${name}`, x]));
    expect(() => attachSaved(both, { methods: moved, params: renamed })).toThrow(/adapter-file\/model.*shares/);
  });
});

describe('the file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'floragrad-adapters-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const row = { method: 'lora', settings: { rank: 1 }, paths: ['a'] };
  const params = { 'a.lora.A': zeros([1, 2]), 'a.lora.B': zeros([2, 1]) };
  const file = (metadata: object, tensors: Params = params): Promise<Uint8Array> =>
    encodeSafetensors(tensors, {
      format: 'floragrad.adapter',
      version: '1',
      methods: JSON.stringify([row]),
      ...metadata,
    });

  it('is saved and loaded', async () => {
    const path = join(folder, 'a.safetensors');
    await saveAdapters(path, { methods: [row], params });
    const { methods, params: read } = await loadAdapters(path);
    expect(methods).toEqual([row]);
    expect(open(read)).toEqual(open(params));
    expect(decodeAdapters(await file({})).methods).toEqual([row]);
  });

  it.each<[string, object, RegExp]>([
    ['another format', { format: 'pt' }, /the format "pt"/],
    ['another version', { version: '2' }, /the version "2"/],
    ['no JSON', { methods: '[{' }, /methods with/],
    ['no list', { methods: '{}' }, /methods of another form/],
    ['a row of another form', { methods: JSON.stringify([{ ...row, method: 1 }]) }, /methods of another form/],
    ['a field too many', { methods: JSON.stringify([{ ...row, code: 'x' }]) }, /methods of another form/],
    ['settings that are a list', { methods: JSON.stringify([{ ...row, settings: [1] }]) }, /methods of another form/],
    ['no layer', { methods: JSON.stringify([{ ...row, paths: [] }]) }, /a method without a layer/],
    ['a layer twice', { methods: JSON.stringify([row, row]) }, /a layer twice/],
    ['other layers', { methods: JSON.stringify([{ ...row, paths: ['b'] }]) }, /"a\.lora\.A", of none of its layers/],
  ])('with %s is refused', async (_, metadata, message) => {
    const bytes = await file(metadata);
    expect(() => decodeAdapters(bytes)).toThrow(message);
    expect(() => decodeAdapters(bytes)).toThrow(/adapter-file\/format/);
  });

  it('is refused before it is written, where settings are none of JSON or tensors of no layer', async () => {
    const settings = { rank: Number.NaN };
    await expect(encodeAdapters({ methods: [{ ...row, settings }], params })).rejects.toThrow(/options\/type/);
    await expect(encodeAdapters({ methods: [row], params: { w: zeros([1]) } })).rejects.toThrow(/"w", of none/);
    await expect(saveAdapters(join(folder, 'b'), { methods: [], params: {} })).rejects.toThrow(/none at all/);
  });
});
