import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  adam,
  adamw,
  applyUpdates,
  backend,
  chain,
  compress,
  Embedding,
  eye,
  GPT,
  type GradientTransform,
  Linear,
  lora,
  MLP,
  memory,
  mergeAdapters,
  mseLoss,
  ones,
  type Params,
  projectors,
  random,
  referenceBackend,
  removeAdapters,
  scale,
  scope,
  setBackend,
  sgd,
  type Tensor,
  tensor,
  trainer,
  unmergeAdapters,
  valueAndGrad,
} from '../../../src/index';
import { differences, expectNear, factorsOf, numbers, open, rankOf, scatter, times, transposed } from './cases';

const key = random.key(0);
const [n, m, r] = [6, 5, 2];
const layerOf = (seed = 1): Linear => new Linear(m, n, { key: random.key(seed) });
const x = random.normal(random.key(10), [7, m]);
const y = random.normal(random.key(11), [7, n]);
const gpt = (options: { tieHead?: boolean; dropout?: number } = {}): GPT =>
  new GPT({ vocabularySize: 11, context: 6, width: 8, heads: 2, layers: 2, key, ...options });
const words = [
  [1, 4, 10, 2],
  [0, 3, 3, 9],
];
const ids = tensor(words, { dtype: 'int32' });

describe('attaching', () => {
  it('leaves the function as it is, to the bit, and starts with ∇A = 0 and ∇B ≠ 0', () => {
    const model = gpt();
    const before = numbers(model.forward(ids));
    lora(model, { rank: 2, alpha: 7, match: () => true });
    expect(numbers(model.forward(ids))).toEqual(before);
    const { grads } = valueAndGrad(() => model.forward(ids).square().sum(), model.parameters({ trainable: true }));
    const [up, down] = [/lora\.B$/, /lora\.A$/].map((name) =>
      Object.entries(grads).filter(([path]) => name.test(path) !== /Embedding/.test(path)),
    ) as [[string, Tensor][], [string, Tensor][]];
    expect(up.length).toBe(11); // four in each block, the head, two embeddings
    for (const [path, g] of up)
      expect(
        numbers(g).some((value) => value !== 0),
        path,
      ).toBe(true);
    for (const [path, g] of down)
      expect(
        numbers(g).every((value) => value === 0),
        path,
      ).toBe(true);
  });

  it('says what it has touched, what not and why, and freezes all else', () => {
    const model = gpt({ tieHead: true });
    model.freeze('finalNorm');
    const report = lora(model, { rank: 3, alpha: 6, match: (path) => /qkv$|^head$/.test(path) });
    expect(report.adapted).toEqual(
      [0, 1].map((i) => ({ path: `blocks.${i}.attention.qkv`, shape: [24, 8], rank: 3, scale: 2 })),
    );
    const reasons = Object.fromEntries(report.untouched.map(({ path, reason }) => [path, reason]));
    expect(reasons).toMatchObject({
      'tokenEmbedding.weight': 'not matched',
      'blocks.0.attention.qkv.bias': 'not the weight of a layer that hosts adapters',
      'blocks.1.mlp.fc.weight': 'not matched',
    });
    expect(report.adapted.length + report.untouched.length).toBe(Object.keys(model.parameters()).length - 4);
    expect(report.trainable).toBe(2 * 3 * (24 + 8));
    expect(report.total).toBe(Object.values(model.parameters()).reduce((sum, t) => sum + t.size, 0));
    expect(Object.keys(model.parameters({ trainable: true }))).toEqual(
      [0, 1].flatMap((i) => ['A', 'B'].map((factor) => `blocks.${i}.attention.qkv.lora.${factor}`)),
    );
    model.unfreeze((path) => report.frozen.includes(path));
    const trainable = Object.keys(model.parameters({ trainable: true }));
    expect(trainable.length).toBe(Object.keys(model.parameters()).length - 2); // finalNorm was frozen before
  });

  it('leaves a tied weight alone', () => {
    const tied = gpt({ tieHead: true });
    expect(() => lora(tied, { match: 'head' })).toThrow(/adapter\/no-match.*shared with another layer/);
    expect(() => lora(tied, { match: 'tokenEmbedding' })).toThrow(/shared/);
    const { untouched } = lora(gpt(), { match: 'head' });
    expect(untouched.some(({ path }) => path === 'head.weight')).toBe(false);
  });

  it('can be done twice, for different layers and ranks', () => {
    const model = gpt();
    lora(model, { rank: 2, match: /qkv/ });
    const { untouched, adapted } = lora(model, { rank: 4, match: /qkv|fc/ });
    expect(adapted.map(({ path }) => path)).toEqual(['blocks.0.mlp.fc', 'blocks.1.mlp.fc']);
    expect(untouched.find(({ path }) => path === 'blocks.0.attention.qkv.weight')?.reason).toBe(
      'has an adapter already',
    );
    expect(Object.keys(model.parameters({ trainable: true })).length).toBe(8);
  });

  it('scales by α/r, or by α/√r', () => {
    const [plain, stable] = [layerOf(), layerOf()];
    expect(lora(plain, { rank: 4, alpha: 6 }).adapted[0]?.scale).toBe(1.5);
    expect(lora(stable, { rank: 4, alpha: 6, rankStabilized: true }).adapted[0]?.scale).toBe(3);
    expect(lora(layerOf()).adapted[0]).toMatchObject({ rank: 8, scale: 1, path: '' });
  });

  it('draws A from its law, as a function of seed and path', () => {
    const draw = (options: Parameters<typeof lora>[1]) => {
      const model = new MLP({ sizes: [400, 400, 400], key });
      lora(model, { rank: 16, ...options });
      return model.layers.map((layer) => numbers(factorsOf(layer).A)) as [number[], number[]];
    };
    const [first, second] = draw({ seed: 3 });
    expect(first).not.toEqual(second);
    expect(draw({ seed: 3 })).toEqual([first, second]);
    expect(draw({ seed: 4 })[0]).not.toEqual(first);
    expect(Math.max(...first.map(Math.abs))).toBeLessThanOrEqual(1 / 20);
    const meanSquare = (list: number[]): number => list.reduce((sum, v) => sum + v * v, 0) / list.length;
    // 6400 draws: one standard deviation of the mean square is 1.1 % (uniform) and 1.8 % (normal); six of them allowed.
    expect(Math.abs(meanSquare(first) * 3 * 400 - 1)).toBeLessThan(0.07);
    expect(Math.abs(meanSquare(draw({ init: 'gaussian' })[0]) * 16 ** 2 - 1)).toBeLessThan(0.11);
  });

  it.each([
    ['adapter/no-match', { match: 'blocks' }],
    ['options/range', { rank: 0 }],
    ['options/range', { rank: 1.5 }],
    ['options/range', { dropout: 2 }],
    ['options/choice', { init: 'zeros' as 'kaiming' }],
    ['options/unknown', { ranks: 2 } as object],
    ['adapter/factors', { init: () => ({ A: ones([3, 3]) }) }],
    ['adapter/factors', { rank: 2, init: () => ({ A: ones([2, m]), B: ones([2, n]) }) }],
  ])('refuses with %s: %o, and hangs in nothing', (code, options) => {
    const layer = layerOf();
    expect(() => lora(layer, options)).toThrow(expect.objectContaining({ code }));
    expect(layer.lora).toBeNull();
    expect(Object.keys(layer.parameters({ trainable: true }))).toEqual(['weight', 'bias']);
  });
});

describe.each([
  ['wasm', () => backend()],
  ['reference', () => referenceBackend()],
])('merging on %s', (_, create) => {
  const before = backend();
  beforeAll(() => setBackend(create()));
  afterAll(() => setBackend(before));

  it('leaves the function, changes weights by a matrix of rank r, and can be undone', () => {
    const model = gpt();
    const input = tensor(words, { dtype: 'int32' });
    lora(model, { rank: 2, alpha: 5, match: () => true });
    scatter(model, random.key(20), /lora/);
    const [output, base] = [numbers(model.forward(input)), open(model.parameters())];
    mergeAdapters(model);
    expectNear(numbers(model.forward(input)), output, 30);
    const merged = open(model.parameters());
    for (const [path, values] of Object.entries(base)) {
      if (!/qkv\.weight|Embedding\.weight/.test(path)) continue;
      const change = differences(merged[path] as number[], values);
      expect(rankOf(change, [values.length / 8, 8]), path).toBe(2);
    }
    unmergeAdapters(model);
    for (const [path, values] of Object.entries(open(model.parameters()))) {
      expectNear(values, base[path] as number[], /weight/.test(path) ? 2 : 0);
    }
    expectNear(numbers(model.forward(input)), output, 30);
  });
});

describe('merged and removed adapters', () => {
  const attached = (): Linear => {
    const layer = layerOf();
    lora(layer, { rank: r });
    scatter(layer, random.key(21), /lora/);
    return layer;
  };

  it('merged ones refuse to be trained, others to be merged in the wrong order', () => {
    const layer = attached();
    expect(() => unmergeAdapters(layer)).toThrow(/merge\/not-merged/);
    mergeAdapters(layer);
    expect(() => mergeAdapters(layer)).toThrow(/merge\/twice/);
    const loss = (): Tensor => mseLoss(layer.forward(x), y);
    expect(() => valueAndGrad(loss, layer.parameters({ trainable: true }))).toThrow(/adapter\/merged/);
    unmergeAdapters(layer);
    expect(valueAndGrad(loss, layer.parameters({ trainable: true })).grads).toHaveProperty(['lora.A']);
    expect(() => mergeAdapters(layerOf())).toThrow(/adapter\/none/);
  });

  it('remove forgets what is not merged, and keeps what is', () => {
    const [a, b] = [attached(), attached()];
    const [adapted, plain] = [numbers(a.forward(x)), numbers(layerOf().forward(x))];
    removeAdapters(a);
    expect(numbers(a.forward(x))).toEqual(plain);
    expect(Object.keys(a.parameters())).toEqual(['weight', 'bias']);
    mergeAdapters(b);
    removeAdapters(b);
    expectNear(numbers(b.forward(x)), adapted, 8);
  });

  it('after remove nothing is trainable, which a trainer says, until something is unfrozen', () => {
    for (const settle of [() => {}, mergeAdapters]) {
      const model = attached();
      settle(model);
      removeAdapters(model);
      expect(Object.keys(model.parameters({ trainable: true }))).toEqual([]);
      const loss = (): Tensor => mseLoss(model.forward(x), y);
      const make = () => trainer({ model, transform: sgd({ learningRate: 0.1 }), loss, seed: 0 });
      expect(make).toThrow(/trainer\/parameters.*all 2 parameters are frozen/);
      model.unfreeze('bias');
      const [weight, bias] = [numbers(model.weight), numbers(model.bias as Tensor)];
      make().step(undefined);
      expect(numbers(model.weight)).toEqual(weight);
      expect(numbers(model.bias as Tensor)).not.toEqual(bias);
    }
  });
});

describe('dropout', () => {
  it('acts on what the adapter sees alone, where there is a key', () => {
    const layer = new Linear(2, 2, { key, bias: false });
    lora(layer, { rank: 2, alpha: 2, dropout: 0.5 });
    const trained = { weight: eye(2), 'lora.A': eye(2), 'lora.B': eye(2).mul(10) };
    layer.load(trained);
    const input = ones([500, 2]);
    expect(numbers(layer.forward(input)).every((value) => value === 11)).toBe(true);
    const dropped = numbers(layer.forward(input, { key: random.key(5) }));
    expect(new Set(dropped)).toEqual(new Set([1, 21])); // x + 0 or x + 2·10·x
    const share = dropped.filter((value) => value === 21).length / dropped.length;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.1); // six standard deviations of 1000 tosses
  });

  it('reaches the adapters of every part of a model, each with a key of its own', () => {
    const model = gpt();
    lora(model, { rank: 2, dropout: 0.5 });
    scatter(model, random.key(22), /lora/);
    expect(numbers(model.forward(ids))).toEqual(numbers(model.forward(ids)));
    for (const path of adaptedPaths(model)) {
      const alone = gpt();
      lora(alone, { rank: 2, dropout: 0.5, match: path });
      scatter(alone, random.key(22), /lora/);
      const pass = (seed: number): number[] => numbers(alone.forward(ids, { key: random.key(seed) }));
      expect(pass(1), path).not.toEqual(pass(2));
      expect(pass(1), path).toEqual(pass(1));
    }
  });
});

function adaptedPaths(model: GPT): string[] {
  return Object.keys(model.parameters())
    .filter((path) => path.endsWith('.lora.A'))
    .map((path) => path.slice(0, -'.lora.A'.length));
}

describe('an embedding', () => {
  it('learns a change that is the product of its factors, and forms nothing of the size of the table', () => {
    const table = new Embedding(4000, 8, { key });
    const words = tensor(
      [
        [3, 3999],
        [3, 0],
      ],
      { dtype: 'int32' },
    );
    lora(table, { rank: 2, alpha: 3, match: () => true });
    scatter(table, random.key(23), /lora/);
    const { A, B } = factorsOf(table);
    const change = times(transposed(numbers(A), 4000), transposed(numbers(B), 2), 2);
    const expected = [3, 3999, 3, 0].flatMap((id) =>
      Array.from(
        { length: 8 },
        (_, j) => (numbers(table.weight)[id * 8 + j] as number) + 1.5 * (change[id * 8 + j] as number),
      ),
    );
    expectNear(numbers(table.forward(words)), expected, 8);
    scope(() => {
      const parameters = table.parameters({ trainable: true });
      const run = () => valueAndGrad(() => table.forward(words).square().sum(), parameters);
      run();
      const { bytes } = memory();
      backend().resetPeak();
      run();
      expect((memory().peakBytes - bytes) / 4).toBeLessThan(4000 * 8);
    });
  });
});

describe('what training does', () => {
  const loss = (layer: Linear) => (): Tensor => mseLoss(layer.forward(x), y);
  const step = <S>(layer: Linear, transform: GradientTransform<S>, state: S): S => {
    const params = layer.parameters({ trainable: true });
    const [updates, next] = transform.update(valueAndGrad(loss(layer), params).grads, state, params);
    applyUpdates(params, updates);
    return next;
  };

  it('never forms the gradient of the weight', () => {
    scope(() => {
      const size = 256;
      const layer = new Linear(size, size, { key });
      lora(layer, { rank: 4 });
      const input = random.normal(random.key(30), [8, size]);
      const parameters = layer.parameters({ trainable: true });
      const run = () => valueAndGrad(() => layer.forward(input).square().sum(), parameters);
      run();
      const { bytes } = memory();
      backend().resetPeak();
      run();
      expect((memory().peakBytes - bytes) / 4).toBeLessThan(size * size);
    });
  });

  it('sees the factors up to a gauge: (B·T, T⁻¹·A) is the same function, and Adam leaves it', () => {
    const [one, other] = [layerOf(), layerOf()];
    for (const layer of [one, other]) {
      lora(layer, { rank: 2 });
      scatter(layer, random.key(31), /lora/);
    }
    const { A, B } = factorsOf(one);
    const [t, inverse] = [
      tensor([
        [2, 1],
        [0, 0.5],
      ]),
      tensor([
        [0.5, -1],
        [0, 2],
      ]),
    ];
    other.load({ ...other.parameters(), 'lora.A': inverse.matmul(A), 'lora.B': B.matmul(t) });
    expectNear(numbers(other.forward(x)), numbers(one.forward(x)), 20);
    for (const layer of [one, other]) {
      const transform = adam({ learningRate: 0.01 });
      step(layer, transform, transform.init(layer.parameters({ trainable: true })));
    }
    const apart = differences(numbers(one.forward(x)), numbers(other.forward(x))).map(Math.abs);
    expect(Math.max(...apart)).toBeGreaterThan(1e-3);
  });

  it('keeps BᵀB − A·Aᵀ, to the square of the learning rate', () => {
    const drift = (learningRate: number): number => {
      const layer = layerOf();
      lora(layer, { rank: 2, alpha: 2 });
      scatter(layer, random.key(32), /lora/);
      const invariant = (): number[] => {
        const { A, B } = factorsOf(layer);
        return numbers(B.matmul(B, { transposeA: true }).sub(A.matmul(A, { transposeB: true })));
      };
      const before = invariant();
      const transform = sgd({ learningRate });
      step(layer, transform, transform.init(layer.parameters({ trainable: true })));
      return Math.hypot(...differences(invariant(), before));
    };
    expect(drift(0.2) / drift(0.1)).toBeGreaterThan(3.9);
    expect(drift(0.2) / drift(0.1)).toBeLessThan(4.1);
    expect(drift(0.2)).toBeGreaterThan(1e-5);
  });

  it('follows the recursion of its gradients: A = A₀·(I + η·F), B = η·H·A₀ᵀ', () => {
    const eta = 0.05;
    const layer = layerOf();
    lora(layer, { rank: 2, alpha: 2 });
    const base = numbers(layer.weight);
    const first = numbers(factorsOf(layer).A);
    let f: number[] = Array(m * m).fill(0);
    let h: number[] = Array(n * m).fill(0);
    const transform = sgd({ learningRate: eta });
    let state = transform.init(layer.parameters({ trainable: true }));
    for (let t = 0; t < 20; t++) {
      const a = times(
        first,
        f.map((v, at) => eta * v + (at % (m + 1) === 0 ? 1 : 0)),
        m,
      ); // [r, m]
      const b = times(
        h.map((v) => eta * v),
        transposed(first, m),
        m,
      ); // [n, r]
      expectNear(numbers(factorsOf(layer).A), a, 40);
      expectNear(numbers(factorsOf(layer).B), b, 200);
      const effective = new Linear(m, n, { key });
      const product = times(b, a, 2);
      effective.load({
        weight: tensor(
          Float32Array.from(base, (w, i) => w + (product[i] as number)),
          { shape: [n, m] },
        ),
        bias: layer.bias as Tensor,
      });
      const g = numbers(valueAndGrad(loss(effective), { weight: effective.weight }).grads.weight);
      const nextF = differences(
        f,
        times(transposed(h, m), g, n).map((v) => eta * v),
      );
      h = differences(
        differences(h, g),
        times(g, transposed(f, m), m).map((v) => eta * v),
      );
      f = nextF;
      state = step(layer, transform, state);
    }
  });
});

describe('LoRA-FA', () => {
  it('is Flora with one projection, under SGD, to rounding', () => {
    const [size, rank, seed, eta] = [8, 3, 5, 0.2];
    const input = random.normal(random.key(40), [9, size]);
    const target = random.normal(random.key(41), [9, size]);
    const make = (): MLP => new MLP({ sizes: [size, size], key });
    const [adapted, dense] = [make(), make()];
    const path = 'layers.0.weight';
    const drawn = projectors.gaussian.sample(
      random.fold(random.key(seed), path, 'projection', 0),
      [size, size],
      rank,
      0,
    );
    expect(drawn.side).toBe('right');
    const init = () => ({ A: projectors.gaussian.up({ ...drawn, shape: [rank, size] }, eye(rank)) });
    lora(adapted, { rank, alpha: rank, freezeA: true, init });
    dense.freeze(/bias/);
    expect(Object.keys(adapted.parameters({ trainable: true }))).toEqual(['layers.0.lora.B']);
    const flora = chain(
      compress({
        projector: projectors.gaussian,
        rank,
        inner: scale(1),
        refreshEvery: Number.POSITIVE_INFINITY,
        onRefresh: 'keep',
        seed,
      }),
      scale(-eta),
    );
    const run = <S>(model: MLP, transform: GradientTransform<S>) =>
      trainer({ model, transform, loss: (_: null) => mseLoss(model.forward(input), target), seed: 0 });
    const [fa, projected] = [run(adapted, sgd({ learningRate: eta })), run(dense, flora)];
    const start = numbers(dense.parameters()[path]);
    for (let t = 0; t < 30; t++) {
      fa.step(null);
      projected.step(null);
    }
    expect(Math.max(...differences(numbers(dense.parameters()[path]), start).map(Math.abs))).toBeGreaterThan(0.05);
    expectNear(numbers(adapted.forward(input)), numbers(dense.forward(input)), 60);
    mergeAdapters(adapted);
    expectNear(numbers(adapted.parameters()[path]), numbers(dense.parameters()[path]), 60);
  });

  it('does not take embeddings, whose A starts at zero', () => {
    expect(() => lora(gpt(), { freezeA: true, match: /Embedding/ })).toThrow(/A starts at zero/);
  });
});

it('trains a GPT beside any optimizer: only adapters move', () => {
  const model = gpt();
  lora(model, { rank: 2, match: () => true });
  const before = open(model.parameters());
  const loss = (_: null, options: { key: typeof key }): Tensor => model.forward(ids, options).square().mean();
  const training = trainer({ model, transform: adamw({ learningRate: 0.01 }), loss, seed: 0 });
  const losses = Array.from({ length: 10 }, () => training.step(null).loss as number);
  expect(losses.at(-1)).toBeLessThan(losses[0] as number);
  const after = open(model.parameters() as Params);
  for (const [path, values] of Object.entries(before)) {
    if (/lora/.test(path)) expect(after[path], path).not.toEqual(values);
    else expect(after[path], path).toEqual(values);
  }
});
