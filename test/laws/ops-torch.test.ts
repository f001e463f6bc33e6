import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sizeOf } from '../../src/base/shape';
import * as f from '../../src/index';
import { expectClose } from '../../src/laws/close';
import { attention } from './torch/attention';
import { basic } from './torch/basic';
import type { Attributes, Compute } from './torch/compute';
import { elementwise } from './torch/elementwise';
import { images } from './torch/images';
import { order } from './torch/order';

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

/** Golden file → the ops in it. */
const suites: Record<string, Record<string, Compute>> = {
  'op-laws.json': basic,
  'op-laws-attention.json': attention,
  'op-laws-images.json': images,
  'op-laws-order.json': order,
  'op-laws-elementwise.json': elementwise,
};
const files = Object.entries(suites).map(([file, computed]) => {
  const { provenance, cases }: Golden = JSON.parse(readFileSync(`test/golden/${file}`, 'utf8'));
  return { computed, provenance, cases };
});
const everyOp = files.flatMap(({ computed, cases }) =>
  Object.entries(computed).map(([op, compute]) => [op, compute, cases.filter((one) => one.op === op)] as const),
);

describe.each([
  ['reference', f.referenceBackend],
  ['wasm', f.wasmBackend],
] as const)(`on %s, every op follows PyTorch ${files[0]?.provenance.torch}`, (_, create) => {
  beforeAll(() => f.setBackend(create()));
  afterAll(() => f.setBackend(f.wasmBackend()));

  it.each(everyOp)('%s', async (_, compute, own) => {
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
  for (const { computed, cases } of files) {
    expect([...new Set(cases.map(({ op }) => op))].filter((op) => !(op in computed))).toEqual([]);
  }
});
