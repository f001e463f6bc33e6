import { describe, expect, it } from 'vitest';
import {
  accumulate,
  adam,
  chain,
  compress,
  ema,
  eye,
  flora,
  floraAccumulate,
  type GradientTransform,
  linalg,
  MLP,
  masked,
  mseLoss,
  type Params,
  partition,
  periodicLora,
  profile,
  projectors,
  random,
  scale,
  sgd,
  type Tensor,
  tensor,
  trainer,
  zeros,
} from '../../../src/index';
import { type CompressionRow, observeCompression } from '../../../src/study';
import { singularValues } from '../../support/singular-values';
import { numbers, times, transposed } from '../adapters/cases';

// The numbers by hand are float64 on plain arrays, row-major: of the library they have the matrices alone.

const [n, m] = [6, 4];
const at = (seed: number): Tensor => random.normal(random.key(seed), [n, m]);
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);

/** Vectors made orthonormal one after the other, twice for good measure; those that depend on others are left out. */
function orthonormal(vectors: readonly (readonly number[])[]): number[][] {
  const basis: number[][] = [];
  for (const vector of vectors) {
    const rest = [...basis, ...basis].reduce(
      (left, q) => {
        const along = dot(left, q);
        return left.map((x, j) => x - along * (q[j] as number));
      },
      [...vector],
    );
    const length = Math.sqrt(dot(rest, rest));
    if (length > 1e-5 * Math.sqrt(dot(vector, vector))) basis.push(rest.map((x) => x / length));
  }
  return basis;
}

/** What a row says of G [n, m] under A [r, m]. */
function byHand(g: readonly number[], a: readonly number[]) {
  const through = (x: readonly number[]): number[] => times(times(g, transposed(x, m), m), x, x.length / m);
  const lifted = through(a);
  const rows = Array.from({ length: a.length / m }, (_, i) => a.slice(i * m, (i + 1) * m));
  const inside = through(orthonormal(rows).flat());
  const values = singularValues(g, [n, m]);
  const shares = values.map((value) => value / values.reduce((sum, x) => sum + x, 0)).filter((share) => share > 1e-7);
  const near = (x: number) => expect.closeTo(x, 5);
  return {
    cosine: near(dot(lifted, g) / Math.sqrt(dot(lifted, lifted) * dot(g, g))),
    relativeError: near(lifted.reduce((sum, x, i) => sum + (x - (g[i] as number)) ** 2, 0) / dot(g, g)),
    capturedEnergy: near(dot(inside, inside) / dot(g, g)),
    gain: near(dot(lifted, g) / dot(g, g)),
    normInflation: near(Math.sqrt(dot(lifted, lifted) / dot(g, g))),
    effectiveRank: near(shares.reduce((product, share) => product * share ** -share, 1)),
  };
}

/** Some steps of a transform on one parameter, with these gradients. */
function steps<S>(transform: GradientTransform<S>, gradients: readonly Tensor[], path = 'w'): S {
  const params: Params = { [path]: zeros([n, m]) };
  let state = transform.init(params);
  for (const gradient of gradients) state = transform.update({ [path]: gradient }, state, params)[1];
  return state;
}

const usual = { rank: 2, inner: ema({ decay: 0.9 }), refreshEvery: 3, onRefresh: 'reset' } as const;
const gradients = Array.from({ length: 7 }, (_, i) => at(i));

describe('observeCompression', () => {
  it('says of a projection whose rows lean on each other what float64 by hand says', () => {
    const matrices = [
      [0.5, 0, 0, 0, 0.3, 0.4, 0, 0], // not orthogonal, shorter than 1
      [0.1, 0.2, 0.3, 0.4, 0.2, 0.4, 0.6, 0.8], // one direction twice
    ];
    const projector = projectors.explicit(matrices.map((values) => tensor(values, { shape: [2, m] })));
    const { transform, rows } = observeCompression(compress({ ...usual, projector, refreshEvery: 2 }));
    const degenerate = tensor([[1, 2, 3, 4], ...Array.from({ length: n - 1 }, () => [0, 0, 0, 0])]);
    steps(transform, [at(1), at(2), at(3), degenerate]);
    const same = { path: 'w', projector: 'explicit', side: 'right', rank: 2, meanGain: expect.any(Number) };
    expect(rows).toEqual([
      { ...same, step: 0, refreshes: 0, ...byHand(numbers(at(1)), matrices[0] as number[]) },
      { ...same, step: 1, refreshes: 0, ...byHand(numbers(at(2)), matrices[0] as number[]) },
      { ...same, step: 2, refreshes: 1, ...byHand(numbers(at(3)), matrices[1] as number[]) },
      { ...same, step: 3, refreshes: 1, ...byHand(numbers(degenerate), matrices[1] as number[]) },
    ]);
    expect(rows[3]).toMatchObject({ capturedEnergy: expect.closeTo(1, 6), effectiveRank: expect.closeTo(1, 5) });
    const gains = rows.map(({ gain }) => gain);
    const means = gains.map((_, i) => gains.slice(0, i + 1).reduce((sum, gain) => sum + gain, 0) / (i + 1));
    expect(rows.map(({ meanGain }) => meanGain)).toEqual(means.map((mean) => expect.closeTo(mean, 12)));
  });

  it('measures the projection of the step, after refreshes too', () => {
    const { gaussian } = projectors;
    const { transform, rows } = observeCompression(compress({ ...usual, projector: gaussian, seed: 5 }));
    steps(transform, gradients);
    const drawn = [0, 1, 2].map((refreshes) => {
      const key = random.fold(random.key(5), 'w', 'projection', refreshes);
      return transposed(numbers(gaussian.down(gaussian.sample(key, [n, m], 2, refreshes), eye(m))), 2);
    });
    const expected = gradients.map((g, i) => byHand(numbers(g), drawn[Math.floor(i / 3)] as number[]));
    expect(rows.map(({ step, refreshes }) => [step, refreshes])).toEqual(
      gradients.map((_, i) => [i, Math.floor(i / 3)]),
    );
    expect(rows).toEqual(expected.map((row) => expect.objectContaining(row)));
  });

  it('measures what a projector has made of an older gradient', () => {
    const { transform, rows } = observeCompression(compress({ ...usual, projector: projectors.svd }));
    steps(transform, gradients);
    const leading = [0, 3, 6].map((step) => numbers(linalg.svd(at(step), { rank: 2 }).vt));
    const expected = gradients.map((g, i) => byHand(numbers(g), leading[Math.floor(i / 3)] as number[]));
    expect(rows).toEqual(expected.map((row) => expect.objectContaining(row)));
    for (const { capturedEnergy, relativeError } of rows) expect(capturedEnergy).toBeCloseTo(1 - relativeError, 5);
  });

  it('measures each gradient of a cycle of floraAccumulate', () => {
    const { rademacher } = projectors;
    const inner = sgd({ learningRate: 0.1 });
    const { transform, rows } = observeCompression(
      floraAccumulate({ steps: 2, rank: 2, inner, projector: rademacher, seed: 4 }),
    );
    steps(transform, gradients);
    const expected = gradients.map((g, i) => {
      const cycle = Math.floor(i / 2);
      const key = random.fold(random.key(4), 'w', 'accumulation', cycle);
      const a = transposed(numbers(rademacher.down(rademacher.sample(key, [n, m], 2, cycle), eye(m))), 2);
      return { step: i, refreshes: cycle, ...byHand(numbers(g), a) };
    });
    expect(rows).toEqual(expected.map((row) => expect.objectContaining(row)));
  });

  it.each(['twoSidedAverage', 'twoSidedProduct'] as const)('knows the subspace of %s', (name) => {
    const projector = projectors[name];
    const { transform, rows } = observeCompression(compress({ ...usual, projector, seed: 2 }));
    steps(transform, [at(0)]);
    // The subspace is spanned by the images of all unit vectors; what is in it of G, by Gram and Schmidt in R^(n·m).
    const p = projector.sample(random.fold(random.key(2), 'w', 'projection', 0), [n, m], 2);
    const shape = projector.compressedShape?.(p) as number[];
    const size = shape.reduce((a, b) => a * b, 1);
    const spanning = Array.from({ length: size }, (_, i) =>
      numbers(
        projector.up(
          p,
          tensor(
            Array.from({ length: size }, (_, j) => (i === j ? 1 : 0)),
            { shape },
          ),
        ),
      ),
    );
    const g = numbers(at(0));
    const energy = orthonormal(spanning).reduce((sum, q) => sum + dot(g, q) ** 2, 0) / dot(g, g);
    expect(rows[0]?.capturedEnergy).toBeCloseTo(energy, 4);
  });

  it('looks at every Nth step of the chosen parameters, and at no gradient of zeros', () => {
    const asked = { every: 2, parameters: (path: string) => path !== 'b' };
    const { transform, rows } = observeCompression(compress({ ...usual, projector: projectors.haar }), asked);
    const params: Params = { a: zeros([n, m]), b: zeros([n, m]), bias: zeros([m]), c: zeros([n, m]) };
    let state = transform.init(params);
    for (let step = 0; step < 5; step++) {
      const grads = { a: at(step), b: at(step), bias: zeros([m]), c: step === 2 ? zeros([n, m]) : at(step) };
      state = transform.update(grads, state, params)[1];
    }
    expect(rows.map(({ path, step }) => `${path}${step}`)).toEqual(['a0', 'c0', 'a2', 'a4', 'c4']);
  });

  it('finds what compresses inside of others', () => {
    const inside = () => compress({ ...usual, projector: projectors.gaussian });
    const around: Record<string, GradientTransform<unknown>> = {
      chain: chain(scale(2), inside(), scale(-1)),
      masked: masked(inside(), () => true),
      partition: partition({ one: inside(), other: sgd({ learningRate: 1 }) }, (path) =>
        path === 'w' ? 'one' : 'other',
      ),
      accumulate: accumulate(2, inside()),
    };
    const rowsOf = (transform: GradientTransform<unknown>): readonly CompressionRow[] => {
      const { transform: observed, rows } = observeCompression(transform);
      steps(observed, gradients.slice(0, 4));
      return rows;
    };
    const alone = rowsOf(inside() as GradientTransform<unknown>);
    expect(rowsOf(around.masked as GradientTransform<unknown>)).toEqual(alone);
    expect(rowsOf(around.partition as GradientTransform<unknown>)).toEqual(alone);
    expect(rowsOf(around.chain as GradientTransform<unknown>)).toEqual(alone); // shares do not depend on a power of two
    const means = [0, 2].map((i) => gradients[i]?.add(gradients[i + 1] as Tensor).mul(0.5) as Tensor);
    const { transform, rows } = observeCompression(inside());
    steps(transform, means);
    expect(rowsOf(around.accumulate as GradientTransform<unknown>)).toEqual(rows);
  });

  it('refuses what compresses nothing, and a choice of nothing that is compressed', () => {
    expect(() => observeCompression(adam({ learningRate: 0.1 }))).toThrow(/study\/not-compressing/);
    expect(() => observeCompression(chain(ema({ decay: 0.9 }), scale(-1)))).toThrow(/compresses nothing/);
    const compressing = compress({ ...usual, projector: projectors.gaussian });
    const { transform } = observeCompression(compressing, { parameters: (path) => path === 'v' });
    expect(() => transform.init({ w: zeros([n, m]) })).toThrow(/study\/not-compressing.*compresses w/s);
    const state = compressing.init({ w: zeros([n, m]) }); // as a trainer resumes
    expect(() => transform.update({ w: at(0) }, state, { w: zeros([n, m]) })).toThrow(/study\/not-compressing/);
    const odd = observeCompression(compressing, { parameters: (() => 'w') as never });
    expect(() => odd.transform.init({ w: zeros([n, m]) })).toThrow(/options\/type/);
  });
});

describe('a training that is observed', () => {
  const batches = Array.from({ length: 6 }, (_, i) => ({
    x: random.normal(random.key(100 + i), [5, 8]),
    y: random.normal(random.key(200 + i), [5, 6]),
  }));
  type Batch = (typeof batches)[number];

  /** A model after some steps, and the trainer. */
  function train<S>(transform: GradientTransform<S>, steps = 6) {
    const model = new MLP({ sizes: [8, 8, 6], key: random.key(1) });
    const loss = ({ x, y }: Batch): Tensor => mseLoss(model.forward(x), y);
    const training = trainer({ model, transform, loss, seed: 0 });
    const losses = batches.slice(0, steps).map((batch) => training.step(batch).loss);
    return { model, training, losses, values: Object.values(model.parameters()).map(numbers) };
  }

  const transforms: Record<string, () => GradientTransform<unknown>> = {
    flora: () => flora({ learningRate: 0.05, rank: 3, refreshEvery: 2 }) as GradientTransform<unknown>,
    'flora-opt': () =>
      flora({ learningRate: 0.05, rank: 3, refreshEvery: 2, ordering: 'flora-opt' }) as GradientTransform<unknown>,
    svd: () =>
      chain(
        compress({ ...usual, refreshEvery: 2, projector: projectors.svd }),
        scale(-0.1),
      ) as GradientTransform<unknown>,
    floraAccumulate: () =>
      floraAccumulate({ steps: 2, rank: 2, inner: sgd({ learningRate: 0.1 }) }) as GradientTransform<unknown>,
  };

  it.each(Object.keys(transforms))('is the same training, bit for bit, with %s', (name) => {
    const make = transforms[name] as () => GradientTransform<unknown>;
    const { transform, rows } = observeCompression(make());
    const [seen, alone] = [train(transform), train(make())];
    expect(seen.losses).toEqual(alone.losses);
    expect(seen.values).toEqual(alone.values);
    expect(JSON.stringify(seen.training.state)).toBe(JSON.stringify(alone.training.state));
    expect(rows.length).toBe(2 * 6); // two matrices
  });

  it('goes on where another has stopped, with the same rows', () => {
    const make = transforms.flora as () => GradientTransform<unknown>;
    const [whole, second] = [observeCompression(make()), observeCompression(make())];
    train(whole.transform);
    const { model, training } = train(make(), 3);
    const loss = ({ x, y }: Batch): Tensor => mseLoss(model.forward(x), y);
    const { state, steps } = training;
    const resumed = trainer({ model, transform: second.transform, loss, seed: 0, resume: { state, steps } });
    for (const batch of batches.slice(3)) resumed.step(batch);
    const without = ({ meanGain, ...row }: CompressionRow) => row;
    expect(second.rows.map(without)).toEqual(whole.rows.slice(6).map(without));
  });

  it('runs down, inner and up, and no op more, where it is not observed', () => {
    const projector = projectors.explicit([tensor([1, 0, 0, 0, 0, 1, 0, 0], { shape: [2, m] })]);
    const inner = ema({ decay: 0.9 });
    const transform = compress({ ...usual, projector, inner, refreshEvery: Infinity });
    const params = { w: zeros([n, m]) };
    const state = transform.init(params);
    const callsOf = (fn: () => unknown) => {
      const { rows } = profile(fn).profile;
      return Object.fromEntries(rows.filter(({ op }) => op !== null).map(({ op, calls }) => [op, calls]));
    };
    const step = () => transform.update({ w: at(0) }, state, params);
    const alone = callsOf(step);
    const { projection } = state.leaves.w as { projection: ReturnType<typeof projector.sample> };
    const fresh = inner.init({ w: zeros([n, 2]) });
    const byMoves = callsOf(() => {
      const [updates] = inner.update({ w: projector.down(projection, at(0)) }, fresh, {});
      return projector.up(projection, updates.w as Tensor);
    });
    expect(alone).toEqual(byMoves);
    expect(Object.keys(alone).length).toBeGreaterThan(1);
    const { transform: observed, rows } = observeCompression(transform);
    expect(callsOf(step)).toEqual(alone);
    expect(rows).toEqual([]);
    expect(callsOf(() => observed.update({ w: at(0) }, state, params))).not.toEqual(alone);
    expect(rows.length).toBe(1);
  });

  it('sees the factors of a periodicLora', () => {
    const model = new MLP({ sizes: [8, 8], key: random.key(1) });
    const inner = chain(compress({ ...usual, projector: projectors.gaussian }), scale(-0.01));
    const { transform } = periodicLora(model, { rank: 4, stageSteps: 2, inner });
    const { transform: observed, rows } = observeCompression(transform, { parameters: (path) => path.endsWith('.A') });
    const loss = ({ x }: Batch): Tensor => mseLoss(model.forward(x), zeros([5, 8]));
    const training = trainer({ model, transform: observed, loss, seed: 0 });
    for (const batch of batches.slice(0, 4)) training.step(batch);
    expect(rows.map(({ step, refreshes }) => [step, refreshes])).toEqual([
      [1, 0],
      [1, 0],
    ]); // at first B is 0, and so is A's gradient
  });
});
