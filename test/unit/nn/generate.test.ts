import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type Backend,
  type GenerateOptions,
  GPT,
  generate,
  type LanguageModel,
  lora,
  memory,
  random,
  referenceBackend,
  setBackend,
  tensor,
  wasmBackend,
} from '../../../src/index';
import { sampleToken } from '../../../src/nn/sampling';

const key = random.key(3);
const gpt = (more: object = {}): GPT =>
  new GPT({ vocabularySize: 17, context: 8, width: 8, heads: 2, layers: 2, key: random.key(0), ...more });
/** The same model, which computes all positions for every token. */
const bare = (model: GPT): LanguageModel => ({ context: model.context, forward: (ids) => model.forward(ids) });
/** A model that says the same whatever it reads. */
const saying = (...logits: number[]): LanguageModel => ({
  context: 4,
  forward: (ids) => tensor([Array.from({ length: ids.shape[1] as number }, () => logits)]),
});

async function tokens(model: LanguageModel, options: Partial<GenerateOptions> = {}): Promise<number[]> {
  const ids: number[] = [];
  for await (const id of generate(model, { prompt: [1, 2, 3], length: 11, key, ...options })) ids.push(id);
  return ids;
}

afterAll(() => setBackend(wasmBackend()));

describe.each([
  ['wasm', wasmBackend],
  ['reference', referenceBackend],
] as const)('on %s', (_, create) => {
  beforeAll(() => setBackend(create()));

  it.each([
    ['greedy', { temperature: 0 }, {}],
    ['drawn', {}, {}],
    ['drawn from a part, with narrow heads,', { topK: 9, topP: 0.9, temperature: 1.3 }, { headWidth: 3 }],
  ])('%s tokens are the same with a cache and without one, also beyond the context', async (_, options, sizes) => {
    const model = gpt(sizes);
    expect(await tokens(model, options)).toEqual(await tokens(bare(model), options));
  });

  it('adapters take part', async () => {
    const model = gpt();
    const before = await tokens(model);
    lora(model, { rank: 2, alpha: 8 });
    const state = Object.entries(model.state()).map(([path, value], i) =>
      path.endsWith('lora.B') ? [path, random.normal(random.key(i), value.shape)] : [path, value],
    );
    model.load(Object.fromEntries(state));
    expect(await tokens(model)).not.toEqual(before);
    expect(await tokens(model)).toEqual(await tokens(bare(model)));
  });
});

describe('generate', () => {
  beforeAll(() => setBackend(wasmBackend()));
  afterEach(() => vi.restoreAllMocks());

  it('draws the token number t by the number t of a uniform draw, however many there are', async () => {
    const even = saying(...Array<number>(10).fill(7));
    const draws = await random.uniform(key, [300]).data();
    const drawn = await tokens(even, { length: 300 });
    expect(drawn).toEqual(Array.from(draws, (draw) => Math.floor(10 * draw)));
    expect(await tokens(even, { length: 3 })).toEqual(drawn.slice(0, 3));
  });

  it('goes on from the last tokens where the prompt is longer than the context', async () => {
    const model = gpt();
    const prompt = Array.from({ length: 20 }, (_, i) => i % 17);
    expect(await tokens(model, { prompt })).toEqual(await tokens(model, { prompt: prompt.slice(-8) }));
  });

  it('ends at length, at a token of stop, which is not part of it, and at break', async () => {
    const model = gpt();
    const all = await tokens(model);
    expect(all.length).toBe(11);
    const last = all[5] as number;
    expect(await tokens(model, { stop: [last] })).toEqual(all.slice(0, all.indexOf(last)));
    expect(await tokens(model, { length: 0 })).toEqual([]);
    const seen: number[] = [];
    for await (const id of generate(model, { prompt: [1, 2, 3], key, onToken: (id) => seen.push(id) })) {
      expect(seen.at(-1)).toBe(id);
      if (seen.length === 3) break;
    }
    expect(seen).toEqual(all.slice(0, 3));
  });

  it('leaves no memory behind, also after break', async () => {
    const model = gpt();
    const before = memory().tensors;
    const counts: number[] = [];
    for await (const _ of generate(model, { prompt: [1], length: 8, key })) counts.push(memory().tensors);
    expect(new Set(counts.slice(1))).toEqual(new Set([counts[1]]));
    for await (const _ of generate(model, { prompt: [1], key })) break;
    expect(memory().tensors).toBe(before);
  });

  it('gives the event loop a turn between tokens', async () => {
    let [now, turns] = [performance.now() + 20, 0];
    vi.spyOn(performance, 'now').mockImplementation(() => {
      now += 20; // milliseconds, more than a frame
      return now;
    });
    const turn = (): void => {
      turns += 1;
      later = setImmediate(turn);
    };
    let later = setImmediate(turn);
    await tokens(saying(0, 1), { length: 8 });
    clearImmediate(later);
    expect(turns).toBeGreaterThanOrEqual(7);
  });

  it('refuses a model that says nothing, and wrong options before anything runs', async () => {
    await expect(tokens(saying(0, Number.NaN))).rejects.toThrow(/generate\/non-finite.*token 0/);
    const model = gpt();
    expect(() => generate(model, { prompt: [], key })).toThrow(/options\/range.*prompt/);
    expect(() => generate(model, { prompt: [0.5], key })).toThrow(/options\/range.*prompt/);
    expect(() => generate(model, { prompt: [0], key, topK: 0 })).toThrow(/options\/range.*topK/);
    expect(() => generate({} as GPT, { prompt: [0], key })).toThrow(/arguments\/module.*generate/);
    await expect(tokens(model, { prompt: [17] })).rejects.toThrow(/index\/range/);
  });

  it('needs a fifth of the multiply-adds at most for 256 tokens, with a cache', async () => {
    const counted = countingBackend();
    setBackend(counted.backend);
    const model = gpt({ context: 257, layers: 1 });
    const work = async (of: LanguageModel): Promise<[tokens: number[], multiplyAdds: number]> => {
      const before = counted.multiplyAdds();
      return [await tokens(of, { length: 256, prompt: [1] }), counted.multiplyAdds() - before];
    };
    const [[text, some], [same, all]] = [await work(model), await work(bare(model))];
    console.log(
      `multiply-adds for 256 tokens: ${all} without a cache, ${some} with one, ${(all / some).toFixed(1)} times fewer`,
    );
    expect(text).toEqual(same);
    expect(all / some).toBeGreaterThan(5);
    // Of the products with weights each position needs one: 17·8 + 4·8·8 + 8·8·8 multiply-adds.
    expect(some).toBeGreaterThan(256 * 904);
  });
});

/** The default backend, which counts the multiply-adds of products and of attention. */
function countingBackend(): { backend: Backend; multiplyAdds: () => number } {
  const inner = wasmBackend();
  let count = 0;
  const backend: Backend = {
    ...inner,
    matmul(a, b, transposeA, transposeB, shape, bias) {
      count += shape.reduce((n, extent) => n * extent, 1) * (a.shape.at(transposeA ? -2 : -1) as number);
      return inner.matmul(a, b, transposeA, transposeB, shape, bias);
    },
    attention(qkv, spec) {
      const { batch, heads, queries, keys, width, valueWidth } = spec;
      const pairs = queries * (keys - (queries - 1) / 2); // those that a causal mask leaves
      count += batch * heads * pairs * (width + valueWidth);
      return (inner.attention as NonNullable<Backend['attention']>)(qkv, spec);
    },
  };
  return { backend, multiplyAdds: () => count };
}

describe('sampleToken', () => {
  const logits = [0.1, 0.4, 0.2, 0.3].map(Math.log);
  const whole = { temperature: 1, topK: undefined, topP: undefined };
  /** The tokens for draws in the middle of twenty equal intervals, each token with how many of them it has. */
  const shares = (sampling: object, of: number[] = logits): Record<string, number> => {
    const found: Record<string, number> = {};
    for (let i = 0; i < 20; i++) {
      const id = sampleToken(of, (i + 0.5) / 20, { ...whole, ...sampling });
      found[id] = (found[id] ?? 0) + 1;
    }
    return found;
  };

  it('draws by the softmax, in the order of ids', () => {
    expect(shares({})).toEqual({ 0: 2, 1: 8, 2: 4, 3: 6 });
    expect([0, 0.099, 0.101, 0.499, 0.501, 0.999].map((draw) => sampleToken(logits, draw, whole))).toEqual([
      0, 0, 1, 1, 2, 3,
    ]);
    expect(sampleToken([-Infinity, 0], 0, whole)).toBe(1); // no token without probability
  });

  it('divides by the temperature, and takes the first of the most likely ones at 0', () => {
    expect(shares({ temperature: 0.5 })).toEqual({ 0: 1, 1: 10, 2: 3, 3: 6 }); // 1 : 16 : 4 : 9
    expect(shares({ temperature: 0 })).toEqual({ 1: 20 });
    expect(sampleToken([1, 3, 3, 2], 0.9, { ...whole, temperature: 0 })).toBe(1);
  });

  it('keeps the k most likely, of equals the first', () => {
    expect(shares({ topK: 1 })).toEqual({ 1: 20 });
    expect(shares({ topK: 2 })).toEqual({ 1: 11, 3: 9 }); // 4 : 3
    expect(shares({ topK: 9 })).toEqual(shares({}));
    expect(shares({ topK: 2 }, [5, 5, 5])).toEqual({ 0: 10, 1: 10 });
  });

  it('keeps the fewest that reach topP, of what topK has left', () => {
    expect(shares({ topP: 0 })).toEqual({ 1: 20 });
    expect(shares({ topP: 0.39 })).toEqual({ 1: 20 });
    expect(shares({ topP: 0.41 })).toEqual({ 1: 11, 3: 9 });
    expect(shares({ topP: 1 })).toEqual(shares({}));
    expect(shares({ topP: 0.55, topK: 2 })).toEqual({ 1: 20 }); // 4/7 of two
  });
});
