import { allocate, type TypedArray } from '../../base/dtype';
import { erf, normalCdf } from '../../base/erf';
import { type Shape, sizeOf } from '../../base/shape';
import type { Activation, Binary, Compare, Elementwise, Operand, Unary } from '../contract';
import { type ReferenceDevice, valuesOf } from './device';
import { reader } from './places';

const unaries: Record<Unary, (x: number) => number> = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  abs: Math.abs,
  sign: Math.sign,
  square: (x) => x * x,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  erf,
};

const binaries: Record<Binary, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  maximum: Math.max,
  minimum: Math.min,
};

const activations: Record<Activation, (x: number) => number> = {
  relu: (x) => Math.max(x, 0),
  silu: (x) => x / (1 + Math.exp(-x)),
  gelu: (x) => 0.5 * x * (1 + Math.tanh(geluInner(x))),
  geluErf: (x) => x * normalCdf(x),
};

/** g·op′(x) */
const activationGrads: Record<Activation, (g: number, x: number) => number> = {
  relu: (g, x) => (x > 0 ? g : 0),
  silu: (g, at) => {
    const x = within(750, at);
    const s = 1 / (1 + Math.exp(-x));
    return g * s * (1 + x * (1 - s));
  },
  gelu: (g, at) => {
    const x = within(30, at);
    const t = Math.tanh(geluInner(x));
    return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x));
  },
  geluErf: (g, at) => {
    const x = within(40, at);
    return g * (normalCdf(x) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI));
  },
};

const comparisons: Record<Compare, (a: number, b: number) => boolean> = {
  equal: (a, b) => a === b,
  less: (a, b) => a < b,
  lessEqual: (a, b) => a <= b,
  greater: (a, b) => a > b,
  greaterEqual: (a, b) => a >= b,
};

/** One element at a time. */
export const elementwise = (device: ReferenceDevice) =>
  ({
    unary(op, x) {
      return device.made(valuesOf(x).map(unaries[op]) as Float32Array);
    },
    binary(op, a, b, shape) {
      return device.made(zip(allocate('float32', sizeOf(shape)), binaries[op], a, b, shape));
    },
    compare(op, a, b, shape) {
      return device.made(zip(allocate('int32', sizeOf(shape)), (p, q) => Number(comparisons[op](p, q)), a, b, shape));
    },
    where(condition, a, b, shape) {
      const out = allocate('float32', sizeOf(shape));
      const readers = [reader(condition, shape), reader(a, shape), reader(b, shape)] as const;
      for (let i = 0; i < out.length; i++) out[i] = readers[0](i) !== 0 ? readers[1](i) : readers[2](i);
      return device.made(out);
    },
    cast(x, dtype) {
      const out = allocate(dtype, sizeOf(x.shape));
      if (dtype === x.dtype || dtype === 'float32') out.set(valuesOf(x));
      else for (let i = 0; i < out.length; i++) out[i] = toInt32(valuesOf(x)[i] as number);
      return device.made(out);
    },
    map({ of, dtype }, [x, y], shape) {
      return device.made(zip(allocate(dtype, sizeOf(shape)), of, x, y ?? Number.NaN, shape));
    },
    activation(op, x) {
      return device.made(valuesOf(x).map(activations[op]) as Float32Array);
    },
    activationGrad(op, g, x) {
      return device.made(zip(allocate('float32', sizeOf(x.shape)), activationGrads[op], g, x, x.shape));
    },
    axpby(alpha, x, beta, y) {
      const [p, q] = [valuesOf(x), valuesOf(y)];
      return device.made(Float32Array.from(p, (value, i) => alpha * value + beta * (q[i] as number)));
    },
  }) satisfies Required<Elementwise>;

function zip<T extends TypedArray>(
  out: T,
  f: (a: number, b: number) => number,
  a: Operand | number,
  b: Operand | number,
  shape: Shape,
): T {
  const [p, q] = [reader(a, shape), reader(b, shape)];
  for (let i = 0; i < out.length; i++) out[i] = f(p(i), q(i));
  return out;
}

/** Towards zero, and to the nearest that exists; NaN becomes 0. */
function toInt32(x: number): number {
  return Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), x)); // an Int32Array truncates
}

/** √(2/π)·(x + 0.044715·x³), the argument of tanh in the tanh form of GELU. */
function geluInner(x: number): number {
  return Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
}

/**
 * x, but at most `far` away from 0: beyond, a derivative is 0 or 1 already, and at infinity its formula would multiply
 * infinity by 0. NaN stays NaN.
 */
function within(far: number, x: number): number {
  return Math.min(far, Math.max(-far, x));
}
