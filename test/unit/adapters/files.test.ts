import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  accumulate,
  adam,
  backend,
  decodeCheckpoint,
  decodePeft,
  encodeCheckpoint,
  encodePeft,
  GPT,
  type GradientTransform,
  type Key,
  lora,
  lors,
  type Params,
  periodicLora,
  prune,
  random,
  referenceBackend,
  setBackend,
  type Tensor,
  tensor,
  trainer,
} from '../../../src/index';
import { numbers, open, scatter } from './cases';

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
