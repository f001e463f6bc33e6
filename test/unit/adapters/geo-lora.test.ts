import { describe, expect, it } from 'vitest';
import {
  accumulate,
  adaptersOf,
  applyUpdates,
  compact,
  Embedding,
  type GeoLoraOptions,
  geoLora,
  Linear,
  mseLoss,
  random,
  Sequential,
  type Tensor,
  tensor,
  trainer,
  valueAndGrad,
} from '../../../src/index';
import { singularValues } from '../../support/singular-values';
import { differences, expectNear, numbers, open, times, transposed } from './cases';

const [n, m] = [7, 9];
const eta = 0.05;
const x = random.normal(random.key(1), [20, m]);
const y = random.normal(random.key(2), [20, n]);
const layerOf = (): Linear => new Linear(m, n, { key: random.key(3) });

type Parts = Readonly<Record<'U' | 'S' | 'V' | 'mask', number[]>> & { readonly size: number };

/** What an adapter holds, in numbers. */
function partsOf(layer: Linear): Parts {
  const own = layer.parameters();
  const of = (name: string): number[] => numbers(own[`lora.${name}`]);
  return { U: of('U'), S: of('S'), V: of('V'), mask: of('mask'), size: of('mask').length };
}

/** U·S·Vᵀ in float64. */
const productOf = ({ U, S, V, size }: Parts): number[] => times(times(U, S, size), transposed(V, size), size);
const rankNow = ({ mask }: Parts): number => mask.filter((v) => v !== 0).length;

/** A layer with an adapter, and a step of it for a regression. */
function made(options: Partial<GeoLoraOptions> = {}, layer = layerOf()) {
  const { transform, adapted } = geoLora(layer, { rank: 2, maxRank: 6, alpha: 3, learningRate: eta, ...options });
  let state = transform.init(layer.parameters({ trainable: true }));
  const gradients = () => valueAndGrad(() => mseLoss(layer.forward(x), y), layer.parameters({ trainable: true })).grads;
  const step = (): void => {
    const [updates, next] = transform.update(gradients(), state, layer.parameters());
    applyUpdates(layer.parameters(), updates);
    state = next;
  };
  /** G, the gradient of the weight that the adapter makes, of the mean square over all entries. */
  const gradient = (): number[] => {
    const off = differences(numbers(layer.forward(x)), numbers(y)).map((d) => (2 * d) / (20 * n));
    return times(transposed(off, n), numbers(x), 20);
  };
  return { layer, transform, adapted, step, gradient, scale: 3 / (options.rank ?? 2) };
}

/** USVᵀ − η·s·(P·G + G·Q − P·G·Q), the projections made of U and V as they are. */
function expectedProduct({ U, V, size, ...rest }: Parts, G: readonly number[], scale: number): number[] {
  const P = times(U, transposed(U, size), size);
  const Q = times(V, transposed(V, size), size);
  const PG = times(P, G, n);
  const GQ = times(G, Q, m);
  const PGQ = times(PG, Q, m);
  return productOf({ U, V, size, ...rest }).map(
    (p, i) => p - eta * scale * ((PG[i] as number) + (GQ[i] as number) - (PGQ[i] as number)),
  );
}

function expectOrthonormal({ U, V, mask, size }: Parts): void {
  for (const basis of [U, V]) {
    const gram = times(transposed(basis, size), basis, basis.length / size);
    const expected = gram.map((_, i) => (i % (size + 1) === 0 ? (mask[Math.floor(i / size)] as number) : 0));
    for (const [i, g] of gram.entries()) expect(Math.abs(g - (expected[i] as number))).toBeLessThan(16 * 2 ** -24);
  }
}

describe('a step', () => {
  it('without a tail that is dropped is along the tangent space of the product', () => {
    const { layer, step, gradient, scale } = made({ tolerance: 0, maxRank: 7 });
    step(); // S alone, from 0
    for (const rank of [4, 6, 7]) {
      const [before, G] = [partsOf(layer), gradient()];
      step();
      expect(rankNow(partsOf(layer))).toBe(rank); // as many more as the gradients have new directions
      const expected = expectedProduct(before, G, scale);
      expectNear(productOf(partsOf(layer)), expected, 16);
      expect(Math.max(...differences(expected, productOf(before)).map(Math.abs))).toBeGreaterThan(1e-3);
    }
    // At the full rank of [7, 9] the projection P is the identity, and the step that of the weight.
    const [before, G] = [partsOf(layer), gradient()];
    step();
    expect(rankNow(partsOf(layer))).toBe(7);
    expectNear(
      productOf(partsOf(layer)),
      productOf(before).map((p, i) => p - eta * scale * (G[i] as number)),
      16,
    );
  });

  it('keeps the bases orthonormal, the core diagonal and what has no part zero', () => {
    const { layer, step } = made({ tolerance: 0.1 });
    expectOrthonormal(partsOf(layer));
    for (let i = 0; i < 12; i++) {
      step();
      const parts = partsOf(layer);
      expectOrthonormal(parts);
      const off = parts.S.filter((v, at) => at % (parts.size + 1) !== 0 && v !== 0);
      expect(off).toEqual([]);
    }
  });

  it.each([0.05, 0.3])('drops a tail of at most τ = %s of the singular values, and as much as that', (tolerance) => {
    const { layer, step, gradient, scale } = made({ tolerance, minRank: 1, maxRank: 7 });
    step();
    for (let i = 0; i < 6; i++) {
      const [before, G] = [partsOf(layer), gradient()];
      step();
      const [whole, after] = [expectedProduct(before, G, scale), partsOf(layer)];
      const norm = (values: readonly number[]): number => Math.hypot(...values);
      const error = norm(differences(productOf(after), whole));
      expect(error).toBeLessThanOrEqual(tolerance * norm(whole) * (1 + 1e-5));
      const sigma = singularValues(whole, [n, m]);
      const rank = rankNow(after);
      expect(Math.abs(error - norm(sigma.slice(rank)))).toBeLessThan(1e-5 * norm(whole)); // the tail is the error,
      expect(norm(sigma.slice(rank - 1))).toBeGreaterThanOrEqual(tolerance * norm(whole) * (1 - 1e-5)); // and one more is too many
    }
  });

  it('has at least minRank and at most maxRank components', () => {
    const few = made({ tolerance: 1, minRank: 2 });
    const many = made({ tolerance: 0, maxRank: 3 });
    for (let i = 0; i < 3; i++)
      [few, many].forEach(({ step }) => {
        step();
      });
    expect(rankNow(partsOf(few.layer))).toBe(2);
    expect(rankNow(partsOf(many.layer))).toBe(3);
    const [before, G] = [partsOf(many.layer), many.gradient()];
    many.step();
    const sigma = singularValues(expectedProduct(before, G, many.scale), [n, m]);
    expectNear(
      partsOf(many.layer).S.filter((v) => v !== 0),
      sigma.slice(0, 3),
      64,
    );
  });

  it('moves S alone while it is 0, by −η·∇S, and turns the bases within what they span', () => {
    const { layer, step, gradient, scale } = made();
    const [before, G] = [partsOf(layer), gradient()];
    const grads = valueAndGrad(() => mseLoss(layer.forward(x), y), layer.parameters({ trainable: true })).grads;
    for (const name of ['lora.U', 'lora.V']) expect(numbers(grads[name]).every((g) => g === 0)).toBe(true);
    step();
    const after = partsOf(layer);
    expect(rankNow(after)).toBe(2);
    const P = times(before.U, transposed(before.U, 6), 6);
    const Q = times(before.V, transposed(before.V, 6), 6);
    expectNear(
      productOf(after),
      times(times(P, G, n), Q, m).map((g) => -eta * scale * g),
      32,
    );
    expectNear(times(P, after.U, n), after.U, 32);
    expectNear(times(Q, after.V, m), after.V, 32);
  });

  it('takes a core that is not diagonal, and hidden directions of a singular one add none', () => {
    const { layer, step, gradient, scale } = made({ tolerance: 0 });
    step();
    const own = layer.parameters();
    const set = (core: number[][]): void => {
      layer.load({
        ...own,
        'lora.S': tensor(core.map((r) => [...r, 0, 0, 0, 0])).pad([
          [0, 4],
          [0, 0],
        ]),
      });
    };
    set([
      [0.5, 0.3],
      [-0.2, 0.4],
    ]);
    let [before, G] = [partsOf(layer), gradient()];
    step();
    expectNear(productOf(partsOf(layer)), expectedProduct(before, G, scale), 16);
    const other = made({ tolerance: 0 });
    other.layer.load({
      ...other.layer.parameters(),
      'lora.S': tensor([[0.5, 0, 0, 0, 0, 0]]).pad([
        [0, 5],
        [0, 0],
      ]),
    });
    [before, G] = [partsOf(other.layer), other.gradient()];
    other.step();
    const after = partsOf(other.layer);
    expect(rankNow(after)).toBe(3); // two, and one new direction
    expectOrthonormal(after);
  });

  it('gives the augmented bases no more columns than it was told', () => {
    const wide = made({ rank: 4, maxRank: 5, tolerance: 0 });
    const narrow = made({ rank: 4, maxRank: 5, tolerance: 0, augmentedRank: 5 });
    for (const { step } of [wide, narrow]) for (let i = 0; i < 2; i++) step();
    expect(productOf(partsOf(wide.layer))).not.toEqual(productOf(partsOf(narrow.layer)));
    const bases = partsOf(narrow.layer).U;
    narrow.step();
    const span = times(bases, transposed(bases, 5), 5);
    expectNear(times(span, partsOf(narrow.layer).U, n), partsOf(narrow.layer).U, 64); // full: it stays where it is
    const free = partsOf(wide.layer).U;
    wide.step();
    const left = times(times(free, transposed(free, 5), 5), partsOf(wide.layer).U, n);
    expect(Math.max(...differences(left, partsOf(wide.layer).U).map(Math.abs))).toBeGreaterThan(0.01);
  });
});

describe('training', () => {
  it('lowers the loss, with accumulation too, and follows a schedule', () => {
    const layer = layerOf();
    const seen: number[] = [];
    const learningRate = (step: number): number => {
      seen.push(step);
      return 0.2;
    };
    const { transform } = geoLora(layer, { rank: 2, maxRank: 6, alpha: 4, learningRate });
    const loss = (_: null): Tensor => mseLoss(layer.forward(x), y);
    const run = trainer({ model: layer, transform: accumulate(2, transform), loss, seed: 0 });
    const losses = Array.from({ length: 40 }, () => run.step(null).loss as number);
    expect(losses.at(-1)).toBeLessThan(0.7 * (losses[0] as number));
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('lets other parameters take plain steps', () => {
    const layer = layerOf();
    const { transform } = geoLora(layer, { rank: 2, maxRank: 6, learningRate: eta });
    layer.unfreeze('bias');
    const params = layer.parameters({ trainable: true });
    const { grads } = valueAndGrad(() => mseLoss(layer.forward(x), y), params);
    const [updates] = transform.update(grads, transform.init(params), layer.parameters());
    expectNear(
      numbers(updates.bias),
      numbers(grads.bias).map((g) => -eta * g),
      2,
    );
  });

  it('drops what the adapter sees where a key makes it a pass of training', () => {
    const { layer, step } = made({ dropout: 0.5 });
    step();
    const [plain, dropped] = [{}, { key: random.key(4) }].map((options) => numbers(layer.forward(x, options)));
    expect(dropped).not.toEqual(plain);
    const bare = made();
    bare.step();
    expect(numbers(bare.layer.forward(x, { key: random.key(4) }))).toEqual(numbers(bare.layer.forward(x)));
  });

  it('is made smaller by compact, and goes on from there', async () => {
    const { layer, step } = made({ tolerance: 0.1 });
    for (let i = 0; i < 4; i++) step();
    const [before, rank] = [numbers(layer.forward(x)), rankNow(partsOf(layer))];
    expect(rank).toBeLessThan(6);
    const size = (r: number): number => r * (n + m) + r * r + r;
    expect(await compact(layer)).toEqual([{ path: '', before: size(6), after: size(rank) }]);
    expectNear(numbers(layer.forward(x)), before, 4);
    expect(Object.keys(layer.parameters({ trainable: true }))).toEqual(['lora.U', 'lora.S', 'lora.V']);
    layer.load({ ...layer.parameters(), 'lora.mask': tensor(Array(rank).fill(0)) });
    await compact(layer);
    expect(layer.lora).toBeNull();
  });
});

describe('attaching', () => {
  it('draws bases from the seed, and says what it has done', () => {
    const { layer, adapted } = made({ seed: 1 });
    expect(adapted).toEqual([{ path: '', shape: [n, m], rank: 2, scale: 1.5 }]);
    expect(partsOf(layer).U).toEqual(partsOf(made({ seed: 1 }).layer).U);
    expect(partsOf(layer).U).not.toEqual(partsOf(made({ seed: 2 }).layer).U);
    expect(partsOf(layer).V).not.toEqual(partsOf(made({ seed: 2 }).layer).V);
    expect(partsOf(layer).size).toBe(6);
    const even = new Linear(4, 4, { key: random.key(1) });
    geoLora(even, { rank: 2, maxRank: 4, learningRate: eta });
    expect(partsOf(even).U).not.toEqual(partsOf(even).V);
    const narrow = new Linear(3, 4, { key: random.key(1) });
    geoLora(narrow, { learningRate: eta });
    expect(open(narrow.parameters())['lora.mask']).toEqual([1, 1, 1]); // of the 8 that it would have
  });

  it('leaves embeddings alone', () => {
    const model = new Sequential([
      new Embedding(5, 4, { key: random.key(1) }),
      new Linear(4, 3, { key: random.key(2) }),
    ]);
    const { untouched } = geoLora(model, { rank: 2, learningRate: eta });
    expect(adaptersOf(model).map(({ path }) => path)).toEqual(['layers.1']);
    expect(untouched).toContainEqual({ path: 'layers.0.weight', reason: 'an embedding, whose input is ids' });
  });

  it.each([
    ['options/missing', {}],
    ['options/range', { learningRate: eta, rank: 9, maxRank: 8 }],
    ['options/range', { learningRate: eta, rank: 2, minRank: 3 }],
    ['options/range', { learningRate: eta, maxRank: 8, augmentedRank: 7 }],
    ['options/range', { learningRate: eta, tolerance: 1.5 }],
    ['options/unknown', { learningRate: eta, tau: 0.1 } as object],
  ])('refuses with %s: %o', (code, options) => {
    const layer = layerOf();
    expect(() => geoLora(layer, options as GeoLoraOptions)).toThrow(expect.objectContaining({ code }));
    expect(layer.lora).toBeNull();
  });

  it('wants all parameters of the model, all gradients, and finite ones', () => {
    const { layer, transform } = made();
    const params = layer.parameters({ trainable: true });
    const { grads } = valueAndGrad(() => mseLoss(layer.forward(x), y), params);
    const state = transform.init(params);
    const refused = (code: string, of: () => unknown): void => expect(of).toThrow(expect.objectContaining({ code }));
    refused('adapter/params', () => transform.update(grads, state, params)); // without the mask
    const { 'lora.S': S, ...bases } = grads;
    refused('adapter/params', () => transform.update(bases, state, layer.parameters()));
    const spoiled = { ...bases, 'lora.S': (S as Tensor).mul(Number.NaN) };
    refused('linalg/non-finite', () => transform.update(spoiled, state, layer.parameters()));
  });
});
