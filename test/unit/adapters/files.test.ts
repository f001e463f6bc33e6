import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AdaLora,
  accumulate,
  adaLora,
  adam,
  adaptersOf,
  attachPeft,
  backend,
  decodeCheckpoint,
  decodePeft,
  dora,
  encodeCheckpoint,
  encodePeft,
  flatLora,
  GPT,
  type GradientTransform,
  type Key,
  lora,
  lors,
  type Params,
  peftOf,
  periodicLora,
  prune,
  random,
  referenceBackend,
  setBackend,
  sora,
  type Tensor,
  tensor,
  trainer,
  vera,
  zeros,
} from '../../../src/index';
import { expectNear, numbers, open, scatter } from './cases';

const make = (): GPT => new GPT({ vocabularySize: 7, context: 4, width: 4, heads: 2, layers: 1, key: random.key(0) });
const ids = (): Tensor => tensor([[1, 4, 6, 2]], { dtype: 'int32' });

describe("PEFT's format", () => {
  it('carries adapters from one model to another, embeddings and ranks of their own included', async () => {
    const adapted = (): { model: GPT; params: () => Params } => {
      const model = make();
      lora(model, { rank: 2, alpha: 6, match: 'blocks' });
      lora(model, { rank: 3, alpha: 9, match: 'tokenEmbedding' });
      const params = (): Params =>
        Object.fromEntries(Object.entries(model.parameters()).filter(([path]) => path.includes('.lora.')));
      return { model, params };
    };
    const [from, to] = [adapted(), adapted()];
    scatter(from.model, random.key(1), /lora/);
    const embeddings = ['tokenEmbedding'];
    const alphas = { tokenEmbedding: 9 };
    const files = await encodePeft({ params: from.params(), rank: 2, alpha: 6, alphas, embeddings });
    const read = decodePeft(files);
    expect(read).toMatchObject({ rank: 2, alpha: 6, alphas, embeddings });
    to.model.load({ ...to.model.parameters(), ...read.params });
    expect(numbers(to.model.forward(ids()))).toEqual(numbers(from.model.forward(ids())));
    expect(numbers(to.model.forward(ids()))).not.toEqual(numbers(make().forward(ids())));
    const plain = make();
    const { adapted: rows, trainable } = attachPeft(plain, read);
    expect(numbers(plain.forward(ids()))).toEqual(numbers(from.model.forward(ids())));
    expect(rows.map(({ rank, scale }) => [rank, scale])).toEqual([[3, 3], ...new Array(4).fill([2, 3])]);
    expect(trainable).toBe(Object.values(read.params).reduce((sum, { size }) => sum + size, 0));
    expect(peftOf(plain)).toMatchObject({ rank: 3, alpha: 9, embeddings, dropout: 0 });
    expect(await encodePeft({ ...peftOf(from.model), dropout: 0.5 })).toEqual(
      await encodePeft({ ...peftOf(plain), dropout: 0.5 }),
    );
  });

  it('keeps the dropout, and the scale of rsLoRA', () => {
    const [from, to] = [make(), make()];
    lora(from, { rank: 4, alpha: 6, rankStabilized: true, dropout: 0.25, match: 'blocks' });
    const peft = peftOf(from);
    expect([peft.alpha, peft.dropout]).toEqual([12, 0.25]); // 6/√4 = 12/4
    const report = attachPeft(to, { ...peft, alpha: 6, rankStabilized: true });
    expect(report.adapted.map(({ scale }) => scale)).toEqual(new Array(4).fill(3));
    expect(adaptersOf(to).map(({ adapter }) => (adapter as { dropout?: number }).dropout)).toEqual(
      new Array(4).fill(0.25),
    );
    expect(() => attachPeft(to, peft)).toThrow(/peft\/factors.*adapted already/);
  });

  it('copies the factors, so that what is trained later is not what was given', () => {
    const [from, to] = [make(), make()];
    lora(from, { rank: 2, match: 'blocks' });
    attachPeft(to, peftOf(from));
    const before = numbers(to.forward(ids()));
    scatter(from, random.key(2), /lora/);
    expect(numbers(to.forward(ids()))).toEqual(before);
  });

  it('attaches all adapters or none', () => {
    const from = make();
    lora(from, { rank: 2, match: 'blocks' });
    const { params, ...settings } = peftOf(from);
    const [a, b] = [zeros([2, 4]), zeros([4, 2])];
    const wrong: readonly [Params, RegExp][] = [
      [{ 'blocks.9.mlp.fc.lora.A': a, 'blocks.9.mlp.fc.lora.B': b }, /blocks\.9\.mlp\.fc.*no Linear/],
      [{ 'finalNorm.lora.A': a, 'finalNorm.lora.B': b }, /finalNorm.*no Linear/],
      [{ 'head.lora.A': a, 'head.lora.B': b }, /"head" for a weight \[4, 4\].*\[7, 4\]/],
      [{ 'tokenEmbedding.lora.A': a, 'tokenEmbedding.lora.B': b }, /"tokenEmbedding" for a weight \[4, 4\].*\[7, 4\]/],
      [{ 'head.lora.A': a }, /"head" without B/],
    ];
    for (const [more, message] of wrong) {
      const to = make();
      expect(() => attachPeft(to, { ...settings, params: { ...params, ...more } })).toThrow(message);
      expect(adaptersOf(to)).toEqual([]);
      expect(Object.keys(to.parameters({ trainable: true })).length).toBe(17);
    }
  });

  const gates = (): AdaLora<unknown> =>
    adaLora({ inner: adam({ learningRate: 0.1 }), steps: 9, initialRank: 3, rank: 2 });
  it.each<[string, string | undefined, (model: GPT) => void]>([
    ['dora', 'dora', (model) => dora(model, { rank: 2, alpha: 5, match: 'blocks' })],
    ['vera', 'vera', (model) => vera(model, { rank: 6, seed: 3, match: 'blocks' })],
    ['sora', 'adalora', (model) => sora(model, { rank: 3, alpha: 4, match: 'blocks' })],
    ['adaLora', 'adalora', (model) => lora(model, { rank: gates(), alpha: 4, match: 'blocks' })],
    [
      'flatLora',
      undefined,
      (model) => flatLora(model, { rank: 2, steps: 9, inner: adam({ learningRate: 1 }), match: 'blocks' }),
    ],
  ])('carries the adapters of %s', async (_, kind, attach) => {
    const [from, to] = [make(), make()];
    attach(from);
    scatter(from, random.key(1), /lora\.(?!strength)/);
    const peft = peftOf(from);
    expect(peft.kind).toBe(kind);
    const report = attachPeft(to, decodePeft(await encodePeft(peft)));
    expect(report.adapted.map(({ path }) => path)).toEqual(adaptersOf(from).map(({ path }) => path));
    expectNear(numbers(to.forward(ids())), numbers(from.forward(ids())), 2);
    expect(numbers(from.forward(ids()))).not.toEqual(numbers(make().forward(ids())));
  });

  it('holds one kind, one scale of gates and one pair of VeRA', () => {
    const two = (...attach: ((model: GPT) => unknown)[]): GPT => {
      const model = make();
      for (const one of attach) one(model);
      return model;
    };
    for (const model of [
      two(
        (m) => lora(m, { rank: 2, match: 'blocks' }),
        (m) => dora(m, { rank: 2, match: 'head' }),
      ),
      two(
        (m) => sora(m, { rank: 2, match: 'blocks' }),
        (m) => sora(m, { rank: 2, alpha: 9, match: 'head' }),
      ),
      two(
        (m) => vera(m, { rank: 2, match: 'blocks' }),
        (m) => vera(m, { rank: 2, match: 'head' }),
      ),
    ])
      expect(() => peftOf(model)).toThrow(/peft\/factors.*"head" that no file of PEFT has beside/);
  });

  it('refuses DoRA of what is no Linear, and vectors without their pair', () => {
    const from = make();
    lora(from, { rank: 2, match: 'tokenEmbedding' });
    const { params, ...rest } = peftOf(from);
    const magnitude = { 'tokenEmbedding.lora.magnitude': zeros([4]) };
    expect(() =>
      attachPeft(make(), { ...rest, embeddings: [], kind: 'dora', params: { ...params, ...magnitude } }),
    ).toThrow(/"tokenEmbedding", which is no Linear of the model/);
    const vectors = make();
    vera(vectors, { rank: 2, match: 'blocks' });
    const { projections: _, ...without } = peftOf(vectors);
    expect(() => attachPeft(make(), without)).toThrow(/peft\/factors.*without the pair/);
  });

  it('is no format for adapters of another form', () => {
    const [sparse, masked] = [make(), make()];
    lors(sparse, { rank: 2, match: 'blocks' });
    lora(masked, { rank: 2, match: 'blocks', mask: true });
    for (const model of [sparse, masked]) expect(() => peftOf(model)).toThrow(/peft\/factors.*blocks\.0\.attention/);
    expect(() => peftOf(make())).toThrow(/adapter\/none/);
  });
});

/** Each makes a model ready and says how it is trained; made again in a run that goes on. */
const methods: Record<string, (model: GPT) => GradientTransform<unknown>> = {
  'lora with dropout': (model) => {
    lora(model, { rank: 2, dropout: 0.3, match: () => true });
    return adam({ learningRate: 0.02 });
  },
  'periodicLora, three steps a stage': (model) =>
    periodicLora(model, { rank: 2, stageSteps: 3, mergeFraction: 0.5, inner: adam({ learningRate: 0.02 }) }).transform,
  'periodicLora over accumulation': (model) =>
    periodicLora(model, { rank: 1, stageSteps: 2, inner: accumulate(3, adam({ learningRate: 0.02 })) }).transform,
  lors: (model) => {
    prune(model, { sparsity: 0.5 });
    lors(model, { rank: 2 });
    return adam({ learningRate: 0.02 });
  },
};

describe.each([
  ['wasm', () => backend()],
  ['reference', () => referenceBackend()],
])('a checkpoint on %s', (_, create) => {
  const before = backend();
  beforeAll(() => setBackend(create()));
  afterAll(() => setBackend(before));

  it.each(Object.keys(methods))('of %s goes on bit for bit, from every step', async (name) => {
    const total = 9;
    const begin = () => {
      const model = make();
      const transform = (methods[name] as (model: GPT) => GradientTransform<unknown>)(model);
      const batch = ids();
      const loss = (_: null, options: { key: Key }): Tensor => model.forward(batch, options).square().mean();
      return { model, transform, loss };
    };
    const whole = begin();
    const run = trainer({ ...whole, seed: 5 });
    const saved = [];
    for (let step = 0; step < total; step++) {
      saved.push(await encodeCheckpoint({ parameters: whole.model.parameters(), state: run.state, steps: run.steps }));
      run.step(null);
    }
    for (const files of saved) {
      const next = begin();
      const loaded = decodeCheckpoint(files);
      next.model.load(loaded.parameters);
      const resumed = trainer({ ...next, seed: 5, resume: loaded });
      while (resumed.steps < total) resumed.step(null);
      expect(open(next.model.parameters())).toEqual(open(whole.model.parameters()));
    }
  });
});
