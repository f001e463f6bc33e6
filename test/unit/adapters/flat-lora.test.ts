import chisquare from '@stdlib/stats-base-dists-chisquare';
import { describe, expect, it } from 'vitest';
import {
  accumulate,
  adam,
  add,
  applyUpdates,
  customVjp,
  Embedding,
  eye,
  type FlatLoraOptions,
  flatLora,
  gradCheck,
  type Key,
  Linear,
  lora,
  matmul,
  memory,
  mseLoss,
  mul,
  type Params,
  random,
  Sequential,
  scope,
  sgd,
  square,
  sum,
  type Tensor,
  tensor,
  trainer,
  valueAndGrad,
  zeros,
} from '../../../src/index';
import { MeanTest } from '../../../src/study/mean-test';
import { differences, expectNear, numbers, open, scatter, times, transposed } from './cases';

const [n, m, s] = [3, 4, 1.5];
const x = random.normal(random.key(1), [2, m]);
const y = random.normal(random.key(2), [2, n]);
const inner = adam({ learningRate: 0.05 });
const layerOf = (): Linear => new Linear(m, n, { key: random.key(3), bias: false });

/** A layer whose factors have values, with noise of its full size. */
function noisy(options: Partial<FlatLoraOptions<unknown>> = {}, strength = 1, layer = layerOf()) {
  const { transform } = flatLora(layer, { rank: 2, alpha: 2 * s, rho: 1, steps: 10, inner, ...options });
  scatter(layer, random.key(4), /lora.[AB]/);
  layer.load({ ...layer.parameters(), 'lora.strength': zeros([]).add(strength) });
  return { layer, transform };
}

/** W + s·B·A in float64. */
const effective = (layer: Linear): number[] => {
  const { 'lora.A': A, 'lora.B': B } = layer.parameters();
  const product = times(numbers(B), numbers(A), 2);
  return numbers(layer.weight).map((w, i) => w + s * (product[i] as number));
};

/** E [n, m] of a key: what the layer makes of the identity, less what it makes of it without noise. */
const noiseOf = (layer: Linear, key: Key): number[] => {
  const [width, identity] = [layer.weight.shape[0] as number, eye(layer.weight.shape[1] as number)];
  return transposed(differences(numbers(layer.forward(identity, { key })), numbers(layer.forward(identity))), width);
};

const square2 = (values: readonly number[]): number => values.reduce((total, v) => total + v * v, 0);
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((total, v, i) => total + v * (b[i] as number), 0);
const rowsOf = (values: readonly number[], columns: number): number[][] =>
  Array.from({ length: values.length / columns }, (_, i) => values.slice(i * columns, (i + 1) * columns));

describe('the noise', () => {
  it('has rows of the expected norm φ·ρ·‖(W + s·B·A)_i‖', () => {
    const [strength, rho, draws, falseAlarm] = [0.6, 0.5, 100, 1e-9 / n];
    const { layer } = noisy({ rho }, strength);
    const weights = rowsOf(effective(layer), m);
    const totals = weights.map(() => 0);
    for (let draw = 0; draw < draws; draw++)
      for (const [i, row] of rowsOf(noiseOf(layer, random.key(draw)), m).entries())
        (totals[i] as number) += square2(row);
    for (const [i, total] of totals.entries()) {
      // m·‖E_i‖²/(φρ‖W_i‖)² over all draws is chi-square with m·draws degrees of freedom.
      const drawn = (m * total) / (strength * rho) ** 2 / square2(weights[i] as number[]);
      expect(drawn).toBeGreaterThan(chisquare.quantile(falseAlarm / 2, m * draws));
      expect(drawn).toBeLessThan(chisquare.quantile(1 - falseAlarm / 2, m * draws));
    }
  });

  it('is there in passes with a key alone, another one for each, and is none of dropout', () => {
    const { layer } = noisy();
    const plain = numbers(layer.forward(x));
    expect(numbers(layer.forward(x))).toEqual(plain);
    expectNear(plain, times(numbers(x), transposed(effective(layer), m), m), 8);
    const [one, again, other] = [5, 5, 6].map((seed) => numbers(layer.forward(x, { key: random.key(seed) })));
    expect(one).toEqual(again);
    expect(one).not.toEqual(other);
    expect(one).not.toEqual(plain);
    const dropped = noisy({ dropout: 0.5 }, 0).layer;
    expect(numbers(dropped.forward(x, { key: random.key(5) }))).not.toEqual(numbers(dropped.forward(x)));
  });

  it('is other numbers in each layer of a model', () => {
    const model = new Sequential([4, 5].map((seed) => new Linear(m, m, { key: random.key(seed), bias: false })));
    flatLora(model, { rank: 2, rho: 0.5, steps: 1, inner });
    const own = model.parameters();
    const strengths = Object.keys(own).filter((path) => path.endsWith('strength'));
    const [first, second] = strengths.map((path) => {
      model.load({
        ...own,
        ...Object.fromEntries(strengths.map((name) => [name, zeros([]).add(name === path ? 1 : 0)])),
      });
      const [with_, without] = [{ key: random.key(1) }, {}].map((options) => numbers(model.forward(eye(m), options)));
      return differences(with_ as number[], without as number[]);
    }) as [number[], number[]];
    expect(Math.abs(dot(first, second)) / Math.hypot(...first) / Math.hypot(...second)).toBeLessThan(0.9);
  });

  it('of ρ = 0 or φ = 0 leaves LoRA to the bit, outputs and gradients', () => {
    const key = random.key(5);
    const outcome = (layer: Linear) => {
      const params = { x, ...layer.parameters({ trainable: true }) };
      const { value, grads } = valueAndGrad(() => sum(square(layer.forward(x, { key }))), params);
      return { value: numbers(value), ...open(grads) };
    };
    const plain = layerOf();
    lora(plain, { rank: 2, alpha: 2 * s });
    scatter(plain, random.key(4), /lora/);
    const expected = outcome(plain);
    expect(outcome(noisy({ rho: 0 }).layer)).toEqual(expected);
    expect(outcome(noisy({}, 0).layer)).toEqual(expected);
    expect(outcome(noisy().layer)).not.toEqual(expected);
  });

  it('never reaches the weight, and keeps nothing of its size for the backward pass', () => {
    const { layer, transform } = noisy();
    const before = numbers(layer.weight);
    const loss = (_: null, { key }: { key: Key }): Tensor => mseLoss(layer.forward(x, { key }), y);
    const run = trainer({ model: layer, transform, loss, seed: 0 });
    for (let step = 0; step < 5; step++) run.step(null);
    expect(numbers(layer.weight)).toEqual(before);

    const size = 128;
    const [wide, input] = [new Linear(size, size, { key: random.key(1) }), random.normal(random.key(2), [2, size])];
    flatLora(wide, { rank: 2, steps: 1, inner });
    scope(() => {
      let kept = 0;
      valueAndGrad(
        () => {
          const { bytes } = memory();
          const output = wide.forward(input, { key: random.key(3) });
          kept = (memory().bytes - bytes) / 4;
          return sum(square(output));
        },
        wide.parameters({ trainable: true }),
      );
      expect(kept).toBeLessThan(16 * size);
    });
  });
});

describe('gradients', () => {
  it('with a fixed key are those of LoRA at W + E, and that of x has the same E', () => {
    const { layer } = noisy();
    const key = random.key(5);
    const params: Params = { x, ...layer.parameters({ trainable: true }) };
    const { grads } = valueAndGrad(() => mul(sum(square(layer.forward(x, { key }))), 0.5), params);
    const M = effective(layer).map((w, i) => w + (noiseOf(layer, key)[i] as number));
    const D = times(numbers(x), transposed(M, m), m); // [2, n]
    const G = times(transposed(D, n), numbers(x), 2); // [n, m]
    const { 'lora.A': A, 'lora.B': B } = layer.parameters();
    expectNear(numbers(grads.x), times(D, M, n), 64);
    expectNear(
      numbers(grads['lora.B']),
      times(G, transposed(numbers(A), m), m).map((g) => s * g),
      64,
    );
    expectNear(
      numbers(grads['lora.A']),
      times(transposed(numbers(B), 2), G, n).map((g) => s * g),
      64,
    );
  });

  it('of inputs match central differences with a fixed key', async () => {
    const { layer } = noisy();
    const loss = (input: Tensor): Tensor => sum(square(layer.forward(input, { key: random.key(5) })));
    const report = await gradCheck(loss, x.add(0));
    expect(report.passed).toBe(true);
  });
});

/** X·Xᵀ and so on are small, and in float64: [rows of a, rows of b]. */
const gramOf = (a: readonly number[], columns: number): number[] => times(a, transposed(a, columns), columns);

describe('in expectation', () => {
  // Each verdict calls a right gradient wrong with chance at most 1e-9: variances are exact, those of quadratic forms.
  const limits = { falseAlarm: 1e-9, power: 0.999 };
  const verdictOf = (options: { expected: number; variance: number; effect: number }, draw: (key: Key) => number) => {
    const test = new MeanTest({ ...options, ...limits });
    for (let i = 0; test.verdict === null; i++) test.add(draw(random.fold(random.key(11), 'draw', i)));
    return test.verdict;
  };

  // Much noise, so that few draws tell what depends on it.
  const rho = 3;
  const { layer } = noisy({ rho });
  const [X, W] = [numbers(x), effective(layer)];
  const sigma = rowsOf(W, m).map((row) => rho * Math.sqrt(square2(row) / m)); // φ = 1
  const parameters = layer.parameters({ trainable: true });
  const { 'lora.A': A, 'lora.B': B } = parameters as { 'lora.A': Tensor; 'lora.B': Tensor };
  const half = (output: Tensor): Tensor => mul(sum(square(output)), 0.5);
  const gradientOf = (
    path: 'x' | 'lora.A' | 'lora.B',
    loss: (output: Tensor) => Tensor,
    key?: Key,
    of = forward,
  ): number[] => scope(() => numbers(valueAndGrad(() => loss(of(key)), inputs).grads[path]));
  const inputs: Params = { x, ...parameters };
  const forward = (key?: Key): Tensor => layer.forward(x, key ? { key } : {});

  // ∂½‖X·Mᵀ‖²/∂X = X·MᵀM with M = W + E, so along V it is Σ_i M_iᵀ·H·M_i with H = (VᵀX + XᵀV)/2, of mean
  // Σ_i (W_iᵀ·H·W_i + σ_i²·tr H) and variance Σ_i (2σ_i⁴·‖H‖² + 4σ_i²·‖H·W_i‖²). V = X.
  const H = times(transposed(X, m), X, 2);
  const trace = square2(X);
  const spread = trace * square2(sigma);
  const ofInputs = {
    expected: dot(times(W, H, m), W) + spread,
    variance: rowsOf(W, m).reduce(
      (total, row, i) =>
        total + 2 * (sigma[i] as number) ** 4 * square2(H) + 4 * (sigma[i] as number) ** 2 * square2(times(row, H, m)),
      0,
    ),
    effect: spread,
  };

  it('the gradient of the inputs is that of the smoothed loss', () => {
    expect(verdictOf(ofInputs, (key) => dot(gradientOf('x', half, key), X))).toBe('acquitted');
  });

  it('it is not with other noise in the backward pass, nor without any', () => {
    // The same product, of which the backward pass draws again.
    const deviations = tensor(sigma, { shape: [n, 1] });
    const other = (key: Key): Tensor => {
      const entries = (of: Key): Tensor => mul(random.normal(of, [n, m]), deviations);
      const product = customVjp({
        forward: (input: Tensor) => [matmul(input, entries(key), { transposeB: true }), null],
        vjp: (g) => [matmul(g, entries(random.fold(key, 'again')))],
      });
      return add(layer.forward(x), product(x));
    };
    expect(
      verdictOf(ofInputs, (key) =>
        dot(
          gradientOf('x', half, key, (k) => other(k as Key)),
          X,
        ),
      ),
    ).toBe('convicted');
    const plain = dot(gradientOf('x', half), X);
    expect(verdictOf(ofInputs, () => plain)).toBe('convicted');
  });

  it('for a quadratic loss the gradient of A is the one without noise', () => {
    // ∇A = s·Bᵀ·M·XᵀX, along V: ⟨M, C⟩ with C = s·B·V·XᵀX, of variance Σ_i σ_i²·‖C_i‖².
    const [own, phi] = [layer.parameters(), 0.25]; // less noise, which hides the gradient
    layer.load({ ...own, 'lora.strength': zeros([]).add(phi) });
    const plain = gradientOf('lora.A', half);
    const V = plain.map((g) => g / Math.hypot(...plain));
    const C = times(times(numbers(B), V, 2), H, m).map((c) => s * c);
    const variance = rowsOf(C, m).reduce(
      (total, row, i) => total + (phi * (sigma[i] as number)) ** 2 * square2(row),
      0,
    );
    const effect = Math.hypot(...plain);
    const draw = (key: Key): number => dot(gradientOf('lora.A', half, key), V);
    expect(verdictOf({ expected: Math.hypot(...plain), variance, effect }, draw)).toBe('acquitted');
    expect(verdictOf({ expected: Math.hypot(...plain), variance, effect }, (key) => 2 * draw(key))).toBe('convicted');
    layer.load({ ...own, 'lora.strength': zeros([]).add(1) });
  });

  it('for a cubic one the gradient of B is that of the smoothed loss, not that without noise', () => {
    // Of Σ y³/3: ∇B = s·Σ_b y_b²·z_b with z = X·Aᵀ, along V: Σ_i y_iᵀ·D_i·y_i over the samples, D_i = s·diag(z_b·V_i), and
    // y_i ~ N(ȳ_i, σ_i²·XXᵀ).
    const cubic = (output: Tensor): Tensor => mul(sum(mul(square(output), output)), 1 / 3);
    const z = times(X, transposed(numbers(A), m), m);
    const K = gramOf(X, m); // [2, 2]
    const mean = times(X, transposed(W, m), m); // ȳ [2, n]
    const added = Array.from({ length: n * 2 }, (_, at) => {
      const [i, k] = [Math.floor(at / 2), at % 2];
      return (
        s * (sigma[i] as number) ** 2 * [0, 1].reduce((t, b) => t + (K[b * 3] as number) * (z[b * 2 + k] as number), 0)
      );
    });
    const V = added.map((v) => v / Math.hypot(...added));
    let [expected, variance] = [0, 0];
    for (let i = 0; i < n; i++) {
      const D = [0, 1].map((b) => s * dot(z.slice(b * 2, b * 2 + 2), V.slice(i * 2, i * 2 + 2)));
      const at = [0, 1].map((b) => mean[b * n + i] as number);
      for (const a of [0, 1])
        for (const b of [0, 1]) {
          const [p, q, k] = [D[a] as number, D[b] as number, (sigma[i] as number) ** 2 * (K[a * 2 + b] as number)];
          variance += 2 * p * q * k * k + 4 * (at[a] as number) * p * k * q * (at[b] as number);
          if (a === b) expected += p * ((at[a] as number) ** 2 + k);
        }
    }
    const options = { expected, variance, effect: Math.hypot(...added) };
    const along = (key?: Key): number => dot(gradientOf('lora.B', cubic, key), V);
    expect(verdictOf(options, along)).toBe('acquitted');
    const plain = along();
    expect(verdictOf(options, () => plain)).toBe('convicted');
  });
});

describe('the strength', () => {
  const strengthOf = (layer: Linear): number => numbers(layer.parameters()['lora.strength'])[0] as number;
  const strengths = (
    steps: number,
    optimizer: FlatLoraOptions<unknown>['inner'] = sgd({ learningRate: 0 }),
  ): number[] => {
    const { layer, transform } = noisy({ inner: optimizer, steps: 4 }, 0);
    const grads = layer.parameters({ trainable: true });
    let state = transform.init(grads);
    return Array.from({ length: steps }, () => {
      const [updates, next] = transform.update(grads, state, layer.parameters());
      applyUpdates(layer.parameters(), updates);
      state = next;
      return strengthOf(layer);
    });
  };
  const phi = (step: number): number => (1 - Math.cos((Math.PI * step) / 4)) / 2;

  it('rises from 0 to 1 as half a wave of the optimizer steps, and stays there', () => {
    const layer = layerOf();
    flatLora(layer, { steps: 4, inner, rank: 2 });
    expect(strengthOf(layer)).toBe(0);
    expectNear(strengths(6), [1, 2, 3, 4, 4, 4].map(phi), 1);
  });

  it('stays within a cycle of accumulation', () => {
    const cycles = strengths(6, accumulate(2, sgd({ learningRate: 0 })) as FlatLoraOptions<unknown>['inner']);
    expectNear(cycles, [0, 1, 1, 2, 2, 3].map(phi), 1);
  });

  it('is not trained, and the factors are, A unless it is frozen', () => {
    const trained = (options: Partial<FlatLoraOptions<unknown>>): string[] =>
      Object.keys(noisy(options).layer.parameters({ trainable: true }));
    expect(trained({})).toEqual(['lora.A', 'lora.B']);
    expect(trained({ freezeA: true })).toEqual(['lora.B']);
  });

  it('wants all parameters of the model', () => {
    const { layer, transform } = noisy();
    const params = layer.parameters({ trainable: true });
    expect(() => transform.update(params, transform.init(params), params)).toThrow(
      expect.objectContaining({ code: 'adapter/params' }),
    );
  });
});

describe('attaching', () => {
  it('starts as lora does, with the options that it was given', () => {
    const plain = layerOf();
    lora(plain, { rank: 2, alpha: 4, rankStabilized: true, seed: 7, init: 'gaussian' });
    const layer = layerOf();
    const report = flatLora(layer, {
      rank: 2,
      alpha: 4,
      rankStabilized: true,
      seed: 7,
      init: 'gaussian',
      steps: 1,
      inner,
    });
    expect(numbers(layer.parameters()['lora.A'])).toEqual(numbers(plain.parameters()['lora.A']));
    expect(report.adapted).toEqual([{ path: '', shape: [n, m], rank: 2, scale: 4 / Math.sqrt(2) }]);
    const shifted = layerOf();
    const init = () => ({ A: random.normal(random.key(1), [2, m]), B: random.normal(random.key(2), [n, 2]) });
    flatLora(shifted, { rank: 2, init, steps: 1, inner });
    expectNear(numbers(shifted.forward(x)), numbers(layerOf().forward(x)), 8);
  });

  it('has ρ = 0.05 by default', () => {
    const [given, bare] = [{ rho: 0.05 }, { rho: undefined }].map((options) =>
      numbers(noisy(options).layer.forward(x, { key: random.key(5) })),
    );
    expect(bare).toEqual(given);
  });

  it('leaves embeddings alone', () => {
    const model = new Sequential([new Embedding(5, m, { key: random.key(1) }), layerOf()]);
    const { adapted } = flatLora(model, { rank: 2, steps: 1, inner });
    expect(adapted.map(({ path }) => path)).toEqual(['layers.1']);
  });

  it.each([
    ['options/missing', { steps: 3 }],
    ['options/missing', { inner }],
    ['options/range', { inner, steps: 3, rho: -1 }],
    ['options/range', { inner, steps: 0 }],
    ['options/unknown', { inner, steps: 3, mask: true }],
  ])('refuses with %s: %o', (code, options) => {
    const layer = layerOf();
    expect(() => flatLora(layer, options as unknown as FlatLoraOptions<unknown>)).toThrow(
      expect.objectContaining({ code }),
    );
    expect(layer.lora).toBeNull();
  });
});
