import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sizeOf } from '../../src/base/shape';
import * as f from '../../src/index';
import { expectClose } from '../../src/laws/close';

type Tensor = f.Tensor;

/** What `test/golden/make_op_laws.py` writes; inputs and weights are drawn from the seed, here as there. */
interface Golden {
  readonly provenance: { readonly torch: string };
  readonly cases: readonly {
    readonly op: string;
    readonly seed: number;
    readonly inputs: readonly { readonly kind: string; readonly shape: number[] }[];
    readonly attributes: Attributes;
    readonly shape: number[];
    readonly value: number[];
    /** Gradients of Σ weights ⊙ value, one for each float32 input; none for an op without derivative. */
    readonly gradients: number[][];
  }[];
}
interface Attributes {
  readonly [name: string]: unknown;
  readonly axis: number;
  readonly axes: number[];
  readonly shape: number[];
  readonly sizes: number[];
  readonly start: number[];
  readonly end: number[];
  readonly low: number;
  readonly high: number;
  readonly k: number;
  readonly epsilon: number;
}
type Compute = (attributes: Attributes, ...xs: Tensor[]) => Tensor;

const one =
  (of: (x: Tensor) => Tensor): Compute =>
  (_, x) =>
    of(x);
const two =
  (of: (a: Tensor, b: Tensor) => Tensor): Compute =>
  (_, a, b) =>
    of(a, b);
/** Ops that take the record of attributes as it stands. */
const options =
  (of: (x: Tensor, options: object) => Tensor): Compute =>
  (attributes, x) =>
    of(x, attributes);

const computed: Record<string, Compute> = {
  abs: one(f.abs),
  add: two(f.add),
  argmax: options(f.argmax),
  attention: (attributes, q, k, v) => f.attention(q, k, v, attributes as { causal?: boolean }),
  broadcastTo: ({ shape }, x) => f.broadcastTo(x, shape),
  cast: (_, x) => f.cast(x, 'int32'),
  clip: ({ low, high }, x) => f.clip(x, low, high),
  concat: ({ axis }, ...parts) => f.concat(parts, axis),
  crossEntropy: two(f.crossEntropy),
  div: two(f.div),
  equal: two(f.equal),
  exp: one(f.exp),
  gather: two(f.gather),
  gelu: one(f.gelu),
  greater: two(f.greater),
  greaterEqual: two(f.greaterEqual),
  layerNorm: ({ epsilon }, x, weight, bias) => f.layerNorm(x, weight, bias, { epsilon }),
  less: two(f.less),
  lessEqual: two(f.lessEqual),
  log: one(f.log),
  logSoftmax: options(f.logSoftmax),
  matmul: (attributes, a, b) => f.matmul(a, b, attributes as f.MatmulOptions),
  max: options(f.max),
  maximum: two(f.maximum),
  mean: options(f.mean),
  min: options(f.min),
  minimum: two(f.minimum),
  mseLoss: two(f.mseLoss),
  mul: two(f.mul),
  neg: one(f.neg),
  pow: two(f.pow),
  relu: one(f.relu),
  reshape: ({ shape }, x) => f.reshape(x, shape),
  rsqrt: one(f.rsqrt),
  sigmoid: one(f.sigmoid),
  sign: one(f.sign),
  silu: one(f.silu),
  slice: ({ start, end }, x) => f.slice(x, start, end),
  softmax: options(f.softmax),
  split: ({ sizes, axis }, x) => f.concat(f.split(x, sizes, axis).reverse(), axis),
  sqrt: one(f.sqrt),
  square: one(f.square),
  squeeze: one((x) => f.squeeze(x)),
  stack: ({ axis }, ...parts) => f.stack(parts, axis),
  sub: two(f.sub),
  sum: options(f.sum),
  takeAlong: two(f.takeAlong),
  tanh: one(f.tanh),
  transpose: ({ axes }, x) => f.transpose(x, axes),
  tril: ({ k }, x) => f.tril(x, k),
  unsqueeze: ({ axis }, x) => f.unsqueeze(x, axis),
  variance: options(f.variance),
  where: (_, condition, a, b) => f.where(condition, a, b),
};

/** The generator of the script, as it is described there. */
function stream(seed: number): (kind: string, shape: readonly number[]) => Tensor {
  let x = seed;
  const next = (): number => {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    return x >>> 16;
  };
  return (kind, shape) => {
    const whole = kind.startsWith('ids');
    const below = Number(kind.split(' ')[1]);
    const draw: Record<string, () => number> = {
      real: () => next() / 2 ** 14 - 2,
      positive: () => next() / 2 ** 15 + 0.5,
      coarse: () => Math.floor(next() / 2 ** 14) - 2,
      ids: () => next() % below,
    };
    const values = Array.from({ length: sizeOf(shape) }, draw[whole ? 'ids' : kind] as () => number);
    return f.tensor(values, { shape, dtype: whole ? 'int32' : 'float32' });
  };
}

const { provenance, cases }: Golden = JSON.parse(readFileSync('test/golden/op-laws.json', 'utf8'));

describe.each([
  ['reference', f.referenceBackend],
  ['wasm', f.wasmBackend],
] as const)(`on %s, every op follows PyTorch ${provenance.torch}`, (_, create) => {
  beforeAll(() => f.setBackend(create()));
  afterAll(() => f.setBackend(f.wasmBackend()));

  it.each(Object.entries(computed))('%s', async (op, compute) => {
    const own = cases.filter((one) => one.op === op);
    expect(own.length).toBeGreaterThan(0);
    for (const { seed, inputs, attributes, shape, value, gradients } of own) {
      const draw = stream(seed);
      const xs = inputs.map((input) => draw(input.kind, input.shape));
      const y = compute(attributes, ...xs);
      // No element is a sum of more terms than there are elements.
      const terms = [...xs, y].reduce((total, { size }) => total + size, 0);
      expect(y.shape).toEqual(shape);
      const actual = await y.data();
      expectClose(actual, actual instanceof Int32Array ? Int32Array.from(value) : Float32Array.from(value), terms);
      if (gradients.length === 0) continue;
      const weights = draw('real', shape);
      const floats = xs.filter(({ dtype }) => dtype === 'float32');
      const loss = (): Tensor => f.sum(f.mul(compute(attributes, ...xs), weights));
      const { grads } = f.valueAndGrad(loss, Object.fromEntries(floats.map((x, i) => [`${i}`, x])));
      for (const [i, g] of Object.values(grads).entries()) {
        expect(g.shape).toEqual(floats[i]?.shape);
        expectClose(await g.data(), Float32Array.from(gradients[i] as number[]), terms);
      }
    }
  });
});

it('every golden case has its op here', () => {
  expect([...new Set(cases.map(({ op }) => op))].filter((op) => !(op in computed))).toEqual([]);
});
