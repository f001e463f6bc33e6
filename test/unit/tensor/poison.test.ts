import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import * as f from '../../../src/index';
import { at, functions, weighed } from './functions';

/** Freed memory becomes NaN: a late read cannot go unseen. Values are compared bit for bit. */
type Tensor = f.Tensor;
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

/** What `run` returns on a fresh backend, whose freed memory is NaN or left alone. */
function on<T>(backend: f.Backend, poison: boolean, run: () => T): T {
  f.setBackend(backend);
  f.debug({ poison });
  const result = run();
  expect(f.memory()).toMatchObject({ tensors: 0, bytes: 0 });
  return result;
}
const wasm = (): f.Backend => f.wasmBackend({ build: 'baseline' });
afterEach(() => f.setBackend(f.wasmBackend()));

describe('with freed memory poisoned', () => {
  for (const [name, g] of Object.entries(functions)) {
    it(`${name}: value, gradient and Hessian-vector product stay as they are`, () => {
      const run = (): number[][] => {
        const [x, v, loss] = [at(3, [3, 4]), at(8, [3, 4]), weighed(g)];
        const { value, grads } = f.valueAndGrad(loss)(x);
        return [numbers(value), numbers(grads), numbers(f.hvp(loss)(x, v))];
      };
      const poisoned = on(wasm(), true, run);
      expect(poisoned.flat().every(Number.isFinite)).toBe(true);
      expect(poisoned).toEqual(on(wasm(), false, run));
    });
  }

  it('a tiny GPT: loss, gradients and the derivative of their squared norm', () => {
    const run = (): number[][] => {
      const model = new f.GPT({ vocabularySize: 5, context: 4, width: 4, heads: 2, layers: 2, key: f.random.key(1) });
      const ids = f.tensor(
        [
          [0, 3, 1, 4],
          [2, 2, 0, 1],
        ],
        { dtype: 'int32' },
      );
      const params = model.parameters();
      const loss = (): Tensor => f.crossEntropy(model.forward(ids), ids);
      const squaredNorm = (): Tensor =>
        Object.values(f.valueAndGrad(loss, params).grads).reduce(
          (sum, g) => f.add(sum, f.sum(f.square(g))),
          f.tensor(0),
        );
      const [first, second] = [f.valueAndGrad(loss, params), f.valueAndGrad(squaredNorm, params)];
      return [first, second].flatMap(({ value, grads }) => [value, ...Object.values(grads)].map(numbers));
    };
    const poisoned = on(wasm(), true, run);
    expect(poisoned.flat().every(Number.isFinite)).toBe(true);
    expect(poisoned.flat().filter((x) => x !== 0).length).toBeGreaterThan(500);
    expect(poisoned).toEqual(on(wasm(), false, run));
  });
});

/** A graph: each step appends a result made from earlier ones, maybe in a scope of its own, maybe as a gradient. */
interface Step {
  readonly op: number;
  readonly a: number;
  readonly b: number;
  readonly inside: 'nothing' | 'scope' | 'grad' | 'hvp' | 'discarded' | 'remat' | 'custom';
}
const ops: ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => f.add(a, b),
  (a, b) => f.mul(f.tanh(a), f.sigmoid(b)),
  (a, b) => f.sub(f.square(f.tanh(a)), b),
  (a) => f.softmax(a),
  (a) => f.layerNorm(a),
  (a, b) => f.layerNorm(f.tanh(a), f.mean(b, { axis: 0 }), f.mean(a, { axis: 0 }), { epsilon: 0.1 }),
  (a, b) => f.matmul(f.tanh(a), f.softmax(b)),
  (a, b) => f.attention(f.tanh(a), f.tanh(b), f.tanh(a), { causal: true }),
  (a) => f.reshape(f.transpose(f.reshape(a, [1, 3, 3]), [0, 2, 1]), [3, 3]),
  (a) => f.mul(f.crossEntropy(a, f.tensor([2, 0, 1], { dtype: 'int32' })), f.ones([3, 3])),
  (a, b) => f.concat([f.slice(a, [0, 0], [1, 3]), f.slice(b, [1, 0], [3, 3])], 0),
];
const graphs = fc.array(
  fc.record<Step>({
    op: fc.nat(ops.length - 1),
    a: fc.nat(9),
    b: fc.nat(9),
    inside: fc.constantFrom('nothing', 'nothing', 'scope', 'grad', 'hvp', 'discarded', 'remat', 'custom'),
  }),
  { minLength: 1, maxLength: 6 },
);

/** x·eˣ by a rule of its own, with an argument, an intermediate result and the output saved: (eˣ + x·eˣ + eˣ·(1 + x))/2. */
const slopeOfItsOwn = f.customVjp({
  forward: (x: Tensor) => {
    const e = f.exp(x);
    const output = f.mul(x, e);
    return [output, { x, e, output }];
  },
  vjp: (g, { x, e, output }) => [f.mul(f.mul(g, 0.5), f.add(f.add(e, output), f.mul(e, f.add(x, 1))))],
});

function build(steps: readonly Step[], x: Tensor): Tensor {
  const made = [x];
  for (const { op, a, b, inside } of steps) {
    const [p, q] = [made[a % made.length] as Tensor, made[b % made.length] as Tensor];
    const g = (y: Tensor): Tensor => (ops[op] as (typeof ops)[number])(y, q);
    const scalar = (y: Tensor): Tensor => f.mean(f.mul(g(y), f.tanh(p)));
    const result = {
      nothing: () => g(p),
      scope: () => f.scope(() => [{ deep: g(f.tanh(p)) }])[0]?.deep as Tensor,
      grad: () => f.grad(scalar)(p),
      hvp: () => f.hvp(scalar)(p, q),
      discarded: () => {
        f.scope(() => f.valueAndGrad(scalar)(p) && undefined);
        return g(p);
      },
      remat: () => f.remat((y: Tensor) => f.tanh(g(f.remat(g)(y))))(p),
      custom: () => slopeOfItsOwn(f.tanh(f.add(p, q))),
    }[inside]();
    made.push(f.tanh(result));
  }
  return f.mean(f.mul(made.at(-1) as Tensor, at(5, [3, 3])));
}

it('random graphs with nested scopes and derivatives have the same gradients on both backends', () => {
  fc.assert(
    fc.property(graphs, (steps) => {
      const run = (): number[] => {
        const x = f.tensor([0.3, -0.7, 1.1, 0.2, -0.4, 0.9, -1.2, 0.5, 0.6], { shape: [3, 3] });
        const { value, grads } = f.valueAndGrad((y) => build(steps, y))(x);
        return [...numbers(value), ...numbers(grads)];
      };
      const expected = on(f.referenceBackend(), true, run);
      const actual = on(wasm(), true, run);
      const scale = Math.max(1, ...expected.map(Math.abs));
      for (const [i, e] of expected.entries()) expect(Math.abs((actual[i] as number) - e)).toBeLessThan(1e-3 * scale);
    }),
    { numRuns: 100, seed: 20 },
  );
});
