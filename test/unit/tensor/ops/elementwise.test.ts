import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as f from '../../../../src/index';
import golden from '../../../golden/elementwise-edges.json';

type Tensor = f.Tensor;
const ops: Record<string, (...xs: [Tensor, Tensor]) => Tensor> = {
  atan2: f.atan2,
  ceil: f.ceil,
  cos: f.cos,
  elu: (x) => f.elu(x),
  expm1: f.expm1,
  floor: f.floor,
  isFinite: f.isFinite,
  isNaN: f.isNaN,
  leakyRelu: (x) => f.leakyRelu(x),
  log1p: f.log1p,
  logicalAnd: f.logicalAnd,
  logicalNot: f.logicalNot,
  logicalOr: f.logicalOr,
  mish: f.mish,
  mod: f.mod,
  notEqual: f.notEqual,
  reciprocal: f.reciprocal,
  round: f.round,
  sin: f.sin,
  softplus: f.softplus,
  tan: f.tan,
};
/**
 * Gradients that are PyTorch's own affair: that of `elu` at NaN is 1 there and NaN here, and those of `mod` with infinity
 * are quotients rounded down from where they are not.
 */
const ours = (op: string, point: readonly number[]): boolean =>
  (op === 'elu' && point.some(Number.isNaN)) || (op === 'mod' && point.some((x) => Math.abs(x) === Infinity));

const ints = (values: readonly number[], shape: f.Shape): Tensor => f.tensor([...values], { shape, dtype: 'int32' });
const numbers = (x: Tensor): number[] => [...x.dataSync()];
/** The derivatives of Σ g(x), first and second. */
const slopes = (g: (x: Tensor) => Tensor, x: readonly number[]): [number[], number[]] => {
  const at = f.tensor([...x]);
  const total = (t: Tensor): Tensor => f.sum(g(t));
  return [numbers(f.grad(total)(at)), numbers(f.hvp(total)(at, f.ones(at.shape)))];
};

/** To 3 units in the last place of the expected number; zeros have their signs. */
function expectNear(actual: number, expected: number, what: string): void {
  const right = Math.fround(expected);
  if (!Number.isFinite(right) || right === 0) expect(actual, what).toBe(right);
  else expect(Math.abs(actual - right), what).toBeLessThanOrEqual(Math.abs(right) * 3 * 2 ** -23 + 2 ** -143);
}

describe.each([
  ['reference', f.referenceBackend],
  ['wasm', f.wasmBackend],
] as const)('on %s', (_, create) => {
  beforeEach(() => f.setBackend(create()));
  afterEach(() => f.setBackend(f.wasmBackend()));

  it.each(Object.entries(golden.cases))(`%s follows PyTorch ${golden.provenance.torch} at the edges`, (op, given) => {
    const inputs = given.inputs.map((list) => list.map(Number));
    const xs = inputs.map((list) => f.tensor(list)) as [Tensor, Tensor];
    const apply = ops[op] as (typeof ops)[string];
    const points = (inputs[0] as number[]).map((_, i) => inputs.map((list) => list[i] as number));
    const value = apply(...xs);
    const values = numbers(value);
    points.forEach((point, i) => {
      const plus = op === 'elu' && point[0] === 0 ? 0 : -0; // this version of PyTorch makes 0 of −0, as 1 − 1
      expectNear((values[i] as number) + plus, Number(given.values[i]), `${op}(${point})`);
    });
    expect(value.dtype).toBe(given.gradients.length > 0 ? 'float32' : 'int32');
    if (given.gradients.length === 0) return;
    const { grads } = f.valueAndGrad(() => f.sum(apply(...xs)), Object.fromEntries(xs.map((x, i) => [`${i}`, x])));
    given.gradients.forEach((list, i) => {
      const actual = numbers(grads[`${i}`] as Tensor);
      points.forEach((point, at) => {
        if (ours(op, point)) return;
        const [got, right] = [actual[at] as number, Math.fround(Number(list[at]))];
        const size = Math.max(1, Math.abs(right));
        if (Number.isFinite(right)) expect(got / size, `${op}′(${point})`).toBeCloseTo(right / size, 5);
        else expect(got, `${op}′(${point})`).toBe(right);
      });
    });
  });

  it.each([
    ['add', f.add],
    ['sub', f.sub],
    ['mul', f.mul],
  ] as const)('%s of int32 tensors wraps around as in PyTorch, and has no derivative', (op, apply) => {
    const { values } = golden.ints;
    const made = apply(ints(values, [5, 1]), ints(values, [1, 5]));
    expect(made.dtype).toBe('int32');
    expect(made.shape).toEqual([5, 5]);
    expect(numbers(made)).toEqual(golden.ints[op].flat());
  });
  it('add, sub and mul of an int32 tensor and a whole number are exact; of a fraction they are refused', () => {
    const x = ints([2 ** 31 - 1, 2 ** 24 + 1], [2]);
    expect(numbers(f.add(x, 1))).toEqual([-(2 ** 31), 2 ** 24 + 2]);
    expect(numbers(f.sub(2 ** 31 - 1, x))).toEqual([0, 2 ** 31 - 2 - 2 ** 24]);
    expect(numbers(x.mul(-1))).toEqual([1 - 2 ** 31, -(2 ** 24) - 1]);
    expect(f.add(1, 2).dtype).toBe('float32');
    for (const number of [0.5, 2 ** 31, Number.NaN]) expect(() => f.add(x, number)).toThrow(/dtype\/float32.*cast/);
    expect(() => f.mul(x, f.ones([2]))).toThrow(/dtype\/float32/);
    expect(() => f.div(x, 2)).toThrow(/dtype\/float32/);
    expect(() => f.add(x, ints([1, 2, 3], [3]))).toThrow(/\] add got/);
  });

  it('softplus, its slope and its curvature at 0 and far out', () => {
    expect(numbers(f.softplus(f.tensor([-200, 0, 200])))).toEqual([0, Math.fround(Math.LN2), 200]);
    const [first, second] = slopes(f.softplus, [-3e38, -200, 0, 200, 3e38]);
    expect(first).toEqual([0, 0, 0.5, 1, 1]);
    expect(second).toEqual([0, 0, 0.25, 0, 0]);
  });
  it('mish and elu have the slopes 0 and 1 far out, also to the second order', () => {
    for (const g of [f.mish, (x: Tensor) => f.elu(x)]) {
      const [first, second] = slopes(g, [-1e30, -200, 200, 1e30]);
      expect(first.map((x) => x + 0)).toEqual([0, 0, 1, 1]);
      expect(second.map((x) => x + 0)).toEqual([0, 0, 0, 0]);
    }
  });
  it('the slopes of elu and leakyRelu at 0 are those of below', () => {
    expect(slopes((x) => f.elu(x, { alpha: 0.25 }), [0, -0])).toEqual([
      [0.25, 0.25],
      [0.25, 0.25],
    ]);
    expect(slopes((x) => f.leakyRelu(x, { slope: 0.25 }), [0, -0])).toEqual([
      [0.25, 0.25],
      [0, 0],
    ]);
  });
  it('log1p and expm1 keep what is small, and undo each other', () => {
    const x = [-0.4, -1e-6, 1e-30, 1e-4, 0.3];
    expect(numbers(f.log1p(f.tensor([1e-30])))[0]).toBe(Math.fround(1e-30));
    numbers(f.log1p(f.expm1(f.tensor(x)))).forEach((y, i) => {
      expect(y / (x[i] as number)).toBeCloseTo(1, 6);
    });
  });
  it('sin² + cos² = 1, tan = sin/cos, and atan2 finds the angle again', () => {
    const x = f.tensor(Array.from({ length: 60 }, (_, i) => (i - 30) / 10));
    const [s, c] = [f.sin(x), f.cos(x)];
    for (const one of numbers(f.add(f.square(s), f.square(c)))) expect(one).toBeCloseTo(1, 6);
    const angles = numbers(f.atan2(f.mul(3, s), f.mul(3, c)));
    angles.forEach((angle, i) => {
      expect(angle).toBeCloseTo((i - 30) / 10, 5);
    });
    const [tangents, quotients] = [numbers(f.tan(x)), numbers(f.div(s, c))];
    tangents.forEach((tangent, i) => {
      expect(tangent / ((quotients[i] as number) || 1)).toBeCloseTo(i === 30 ? 0 : 1, 5);
    });
  });
  it('logic mixes dtypes and broadcasts', () => {
    const [a, b] = [f.tensor([0, -2, Number.NaN]), ints([0, 1], [2, 1])];
    expect(numbers(f.logicalAnd(a, b))).toEqual([0, 0, 0, 0, 1, 1]);
    expect(numbers(f.logicalOr(b, a))).toEqual([0, 1, 1, 1, 1, 1]);
    expect(() => f.logicalOr(a, f.ones([2]))).toThrow(/\] logicalOr got/);
    expect(() => f.notEqual(a, b)).toThrow(/notEqual got/);
    expect(numbers(f.isNaN(b)), 'int32').toEqual([0, 0]);
    expect(numbers(f.isFinite(ints([2 ** 31 - 1, -(2 ** 31)], [2])))).toEqual([1, 1]);
  });
});
