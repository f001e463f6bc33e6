import { describe, expect, it } from 'vitest';
import {
  adamw,
  altLora,
  altLoraPlus,
  factorPairs,
  type GradientTransform,
  loraPlus,
  loraRite,
  type Params,
  preconditionPairs,
  random,
  stateBytes,
  type Tensor,
  trainer,
} from '../../../../src/index';
import { methods } from '../../../../src/study';
import { type Method, numbers } from './two-factorings';

const optimizers: Readonly<Record<string, () => GradientTransform<unknown>>> = {
  loraRite: () => loraRite({ learningRate: 0.1 }),
  altLora: () => altLora({ learningRate: 0.1 }).transform,
  altLoraPlus: () => altLoraPlus({ learningRate: 0.1 }).transform,
  loraPlus: () => loraPlus({ learningRate: 0.1 }),
};
const normals = (shapes: Readonly<Record<string, number[]>>, seed: number): Params =>
  Object.fromEntries(
    Object.entries(shapes).map(([path, shape], i) => [path, random.normal(random.key(10 * seed + i), shape)]),
  );

describe('factorPairs', () => {
  it('finds both factors of each adapter, and nothing else', () => {
    const leaves = ['lora.A', 'lora.B', 'b.lora.B', 'x.lora.A', 'c.0.lora.A', 'c.0.lora.B', 'clora.A', 'clora.B', 'w'];
    expect(factorPairs(Object.fromEntries(leaves.map((path) => [path, null])))).toEqual([
      { path: '', A: 'lora.A', B: 'lora.B' },
      { path: 'c.0', A: 'c.0.lora.A', B: 'c.0.lora.B' },
    ]);
  });
});

describe('methods of pairs', () => {
  it.each(Object.entries(optimizers))('%s needs a pair', (_, make) => {
    expect(() => make().init(normals({ w: [3, 4] }, 0))).toThrow(/pairs\/none/);
  });

  it('preconditioning needs one among all parameters, of which some may be frozen', () => {
    const all = normals({ 'lora.A': [2, 4], 'lora.B': [3, 2] }, 0);
    const { 'lora.B': B } = all as { 'lora.B': Tensor };
    const precondition = preconditionPairs();
    expect(() => precondition.update({ w: B }, [], { w: B })).toThrow(/pairs\/none/);
    expect(Object.keys(precondition.update({ 'lora.B': B }, precondition.init({ 'lora.B': B }), all)[0])).toEqual([
      'lora.B',
    ]);
  });

  it.each(['loraRite', 'altLora', 'altLoraPlus'])('%s gives what is no factor of a pair to AdamW', (name) => {
    const shapes = { bias: [4], 'a.lora.A': [2, 5], 'b.lora.B': [3, 2], 'a.lora.B': [4, 2], weight: [3, 4] };
    const params = normals(shapes, 0);
    const decay = { loraRite: 0, altLora: 1e-5, altLoraPlus: 1e-5 }[name] as number;
    const betas = { loraRite: [0.9, 0.999], altLora: [0.999, 0.999], altLoraPlus: [0.999, 0.98] }[name] as number[];
    const dense = adamw({ learningRate: 0.1, beta1: betas[0], beta2: betas[1], weightDecay: decay });
    const transform = (optimizers[name] as () => GradientTransform<unknown>)();
    const others = ['bias', 'b.lora.B', 'weight'];
    const only = (leaves: Params) => Object.fromEntries(others.map((path) => [path, leaves[path] as Tensor]));
    let [state, known] = [transform.init(params), dense.init(only(params))];
    for (let step = 1; step <= 3; step++) {
      const grads = normals(shapes, step);
      const [updates, next] = transform.update(grads, state, params);
      const [expected, after] = dense.update(only(grads), known, only(params));
      for (const path of others) expect(numbers(updates[path]), path).toEqual(numbers(expected[path]));
      expect(Object.keys(updates).sort()).toEqual(Object.keys(shapes).sort());
      [state, known] = [next, after];
    }
  });

  it.each(['loraRite', 'altLora', 'altLoraPlus'])('%s moves a factor whose other factor gets no gradient', (name) => {
    const shapes = { 'lora.A': [2, 5], 'lora.B': [4, 2] };
    const params = normals(shapes, 0);
    const transform = (optimizers[name] as () => GradientTransform<unknown>)();
    for (const path of ['lora.A', 'lora.B']) {
      const { [path]: gradient } = normals(shapes, 1) as Record<string, Tensor>;
      const [updates] = transform.update({ [path]: (gradient as Tensor).mul(0.1) }, transform.init(params), params);
      expect(Object.keys(updates)).toEqual([path]);
      expect(Math.max(...numbers(updates[path]).map(Math.abs))).toBeGreaterThan(1e-3);
    }
  });

  it.each(['loraRite', 'altLora', 'altLoraPlus'])(
    '%s with a frozen factor trains the other one as AdamW does',
    (name) => {
      const all = normals({ 'a.lora.A': [2, 5], 'a.lora.B': [4, 2], 'b.lora.A': [2, 5], 'b.lora.B': [4, 2] }, 0);
      const { 'b.lora.A': _, ...trained } = all;
      const transform = (optimizers[name] as () => GradientTransform<unknown>)();
      const grads = Object.fromEntries(Object.entries(trained).map(([path, x]) => [path, x.mul(0.5)]));
      const [updates] = transform.update(grads, transform.init(trained), all);
      // The first step of Adam is the sign of the gradient.
      const size = numbers(updates['b.lora.B']).map(Math.abs);
      for (const x of size) expect(x).toBeCloseTo(0.1, 4);
    },
  );

  it('the catalogue says what each keeps for a pair, to the byte', () => {
    const [n, m, r] = [7, 5, 2];
    const params = normals({ 'lora.A': [r, m], 'lora.B': [n, r] }, 0);
    const values: Readonly<Record<string, number>> = { n, m, r, 2: 2, 3: 3 };
    const rows = Object.values(methods).filter(({ trains }) => trains === 'adapters');
    expect(rows).toHaveLength(5);
    for (const { label, floats, make } of rows) {
      const count = floats
        .split(' + ')
        .map((product) => product.split('·').reduce((all, name) => all * (values[name] as number), 1))
        .reduce((a, b) => a + b);
      const transform = make({ learningRate: 0.1, rank: r, refreshEvery: 1, seed: 0 });
      expect(stateBytes(transform.init(params)), label).toBe(4 * count);
    }
  });

  it('starts from B = 0: B moves first, A stays for a step', () => {
    const x = random.normal(random.key(1), [6, 4]);
    const y = random.normal(random.key(2), [6, 3]);
    const starts: Readonly<Record<string, () => Method>> = {
      loraRite: () => ({ transform: loraRite({ learningRate: 0.05 }) }),
      altLora: () => altLora({ learningRate: 0.3, beta1: 0.9, damping: 0, weightDecay: 0 }) as Method,
      'altLora, damped': () => altLora({ learningRate: 0.3, beta1: 0.9, weightDecay: 0 }) as Method,
      altLoraPlus: () => altLoraPlus({ learningRate: 0.05, beta1: 0.9, damping: 0, weightDecay: 0 }) as Method,
      preconditioned: () => ({ transform: preconditionPairs({ damping: 0 }) }),
    };
    for (const [name, method] of Object.entries(starts)) {
      const params = {
        'lora.A': random.normal(random.key(3), [2, 4]),
        'lora.B': random.normal(random.key(4), [3, 2]).mul(0),
      };
      const loss = (): Tensor => x.matmul(params['lora.B'].matmul(params['lora.A']).transpose()).sub(y).square().mean();
      const training = trainer({ params, ...method(), loss, seed: 0 });
      const before = numbers(params['lora.A']);
      const first = training.step(undefined).loss as number;
      expect(numbers(params['lora.A']), name).toEqual(before);
      expect(Math.max(...numbers(params['lora.B']).map(Math.abs)), name).toBeGreaterThan(1e-3);
      if (name === 'preconditioned') continue;
      for (let step = 0; step < 8; step++) training.step(undefined);
      expect(training.step(undefined).loss, name).toBeLessThan(first);
    }
  });
});
