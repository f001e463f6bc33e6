import { describe, expect, it } from 'vitest';
import * as f from '../../../src/index';
import { expectClose } from '../../../src/laws/close';
import golden from '../../golden/ops.json';

type Tensor = f.Tensor;
type Op = (...xs: Tensor[]) => Tensor;

/** Ours for the name of a case; the ops with many cases go by the first word of it. */
const ops: Record<string, Op> = {
  'logSumExp axis': (x) => f.logSumExp(x as Tensor, { axis: 1 }),
  'logSumExp axes': (x) => f.logSumExp(x as Tensor, { axis: [0, 2], keepDims: true }),
  'cumsum 0': (x) => f.cumsum(x as Tensor, { axis: 0 }),
  'cumsum -1': (x) => f.cumsum(x as Tensor, { axis: -1 }),
  topK: (x) => f.topK(x as Tensor, 3).values,
  pad: (x) =>
    f.pad(
      x as Tensor,
      [
        [1, 3],
        [2, 0],
      ],
      1.5,
    ),
  rmsNorm: (x, w) => f.rmsNorm(x as Tensor, w),
  'rmsNorm without weight': (x) => f.rmsNorm(x as Tensor),
  'gelu exact': (x) => f.gelu(x as Tensor, { exact: true }),
  erf: (x) => f.erf(x as Tensor),
};

function opFor(name: string, options: f.Conv2dOptions): Op {
  const [first, rest] = [name.split(' ')[0], name.split(' ').slice(1).join(' ')];
  if (first === 'einsum') return (...xs) => f.einsum(rest, ...xs);
  if (first === 'matmul') return (a, b) => f.matmul(a as Tensor, b as Tensor);
  if (first === 'conv2d') return (x, w, b) => f.conv2d(x as Tensor, w as Tensor, b, options);
  return ops[name] as Op;
}

describe.each([
  ['reference', f.referenceBackend],
  ['wasm', f.wasmBackend],
] as const)(`ops on %s follow PyTorch ${golden.provenance.torch}`, (_, create) => {
  it.each(Object.entries(golden.cases))('%s: value and gradients', (name, expected) => {
    f.setBackend(create());
    const params = Object.fromEntries(
      expected.inputs.map(({ shape, values }, i) => [`${i}`, f.tensor(values, { shape })]),
    );
    const op = opFor(name, ('options' in expected ? expected.options : {}) as f.Conv2dOptions);
    const weights = f.tensor(expected.cotangent, { shape: expected.output.shape });
    const loss = (): { loss: Tensor; aux: Tensor } => {
      const y = op(...Object.values(params));
      return { loss: f.sum(f.mul(y, weights)), aux: y };
    };
    const { aux, grads } = f.valueAndGrad(loss, params);
    const y = aux as Tensor;
    expect(y.shape).toEqual(expected.output.shape);
    expectClose(y.dataSync(), Float32Array.from(expected.output.values), 8);
    expected.gradients.forEach((gradient, i) => {
      // Gradients of tiny rows are large: one scale for all elements, as for a vector.
      const scale = Math.max(1, ...gradient.map(Math.abs));
      const rescaled = (grads[`${i}`] as Tensor).dataSync().map((x) => x / scale) as Float32Array;
      expectClose(
        rescaled,
        Float32Array.from(gradient, (x) => x / scale),
        16,
      );
    });
    f.setBackend(f.wasmBackend());
  });
});
