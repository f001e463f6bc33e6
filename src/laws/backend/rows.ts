import fc from 'fast-check';
import type { Operand } from '../../backend/contract';
import { sizeOf } from '../../base/shape';
import { numbers, seeds, wholes } from '../arbitraries';
import { type Law, law, randomLaw } from '../law';
import type { Trial } from './trial';

/** Logits with ties where ln 2 is less than the distance of neighbouring numbers, and what a mask leaves of them. */
const farOut = [0, 1, 1e9, -1e9, 1e38, 1e38, -1e38, 3e38, 3e38, -3e38, Number.NEGATIVE_INFINITY];

/** Fused functions of the last axis, with their gradients. */
export function rowLaws({ agreeWith }: Trial): Law[] {
  const rows = fc.tuple(fc.constantFrom(0, 1, 2, 5, 67), fc.constantFrom(1, 2, 3, 4, 5, 8, 31, 64, 100, 1030));
  const norm = fc.tuple(rows, seeds, fc.boolean(), fc.boolean());
  return [
    randomLaw('rows: softmax and its gradient', fc.tuple(rows, seeds), ([shape, seed]) =>
      agreeWith(['softmax', 'softmaxGrad'], (b, put) => {
        const x = put(
          numbers(seed, sizeOf(shape)).map((v) => 10 * v),
          shape,
        );
        const g = put(numbers(seed + 1, sizeOf(shape)), shape);
        const y = b.softmax(x);
        return [y, b.softmaxGrad(g, { storage: y, shape, dtype: 'float32' })];
      }),
    ),
    randomLaw('rows: logSoftmax and its gradient', fc.tuple(rows, seeds), ([shape, seed]) =>
      agreeWith(
        ['logSoftmax', 'logSoftmaxGrad'],
        (b, put) => {
          const x = put(
            numbers(seed, sizeOf(shape)).map((v) => 10 * v),
            shape,
          );
          const g = put(numbers(seed + 1, sizeOf(shape)), shape);
          const y = b.logSoftmax(x);
          return [y, b.logSoftmaxGrad(g, { storage: y, shape, dtype: 'float32' })];
        },
        1 + shape[1],
      ),
    ),
    law('rows: softmax of masked, huge and broken rows', () =>
      agreeWith(['softmax', 'logSoftmax'], (b, put) => {
        const inf = Number.POSITIVE_INFINITY;
        const x = put(
          Float32Array.of(0, -inf, 1, -inf, 100, 100, -100, -100, -inf, -inf, -inf, -inf, 1, Number.NaN, 2, 3),
          [4, 4],
        );
        return [b.softmax(x), b.logSoftmax(x)];
      }),
    ),
    randomLaw('rows: softmax, logSoftmax, crossEntropy and gradients far out', fc.tuple(rows, seeds), ([shape, seed]) =>
      agreeWith(
        ['softmax', 'softmaxGrad', 'logSoftmax', 'logSoftmaxGrad', 'crossEntropy', 'crossEntropyGrad'],
        (b, put) => {
          const logits = Float32Array.from(wholes(seed, sizeOf(shape), farOut.length), (i) => farOut[i] as number);
          const x = put(logits, shape);
          const g = put(numbers(seed + 1, sizeOf(shape)), shape);
          const [targets, scales] = [put(wholes(seed, shape[0], shape[1])), put(numbers(seed + 2, shape[0]))];
          const [y, logs] = [b.softmax(x), b.logSoftmax(x)];
          return [
            y,
            b.softmaxGrad(g, { storage: y, shape, dtype: 'float32' }),
            logs,
            b.logSoftmaxGrad(g, { storage: logs, shape, dtype: 'float32' }),
            b.crossEntropy(x, targets),
            b.crossEntropyGrad(scales, x, targets),
          ];
        },
        1 + shape[1],
      ),
    ),
    randomLaw('rows: layerNorm and its gradients', norm, ([shape, seed, withWeight, withBias]) => {
      const [height, width] = shape;
      return agreeWith(
        ['layerNorm', 'layerNormGrad'],
        (b, put) => {
          const [x, g] = [0, 1].map((i) => put(numbers(seed + i, sizeOf(shape)), shape)) as [Operand, Operand];
          const weight = withWeight ? put(numbers(seed + 2, width)) : null;
          const bias = withBias ? put(numbers(seed + 3, width)) : null;
          const epsilon = 0.1; // rows of one element have no variance: keep 1/√epsilon small
          return [b.layerNorm(x, weight, bias, epsilon), ...b.layerNormGrad(g, x, weight, epsilon)];
        },
        16 + height,
      );
    }),
    randomLaw('rows: rmsNorm and its gradients', fc.tuple(rows, seeds, fc.boolean()), ([shape, seed, withWeight]) => {
      const [height, width] = shape;
      return agreeWith(
        ['rmsNorm', 'rmsNormGrad'],
        (b, put) => {
          const [x, g] = [0, 1].map((i) => put(numbers(seed + i, sizeOf(shape)), shape)) as [Operand, Operand];
          const weight = withWeight ? put(numbers(seed + 2, width)) : null;
          return [b.rmsNorm(x, weight, 0.1), ...b.rmsNormGrad(g, x, weight, 0.1)];
        },
        16 + height,
      );
    }),
    randomLaw(
      'rows: layerNorm and rmsNorm and gradients far out',
      fc.tuple(rows, seeds, fc.constantFrom(-126, -60, -20, 20, 40, 55)), // squares and their sums fit in float32
      ([shape, seed, exponent]) =>
        agreeWith(
          ['layerNorm', 'layerNormGrad', 'rmsNorm', 'rmsNormGrad'],
          (b, put) => {
            const values = numbers(seed, sizeOf(shape)).map((x) => x * 2 ** exponent);
            const [x, g] = [put(values, shape), put(numbers(seed + 1, sizeOf(shape)), shape)];
            const weight = put(numbers(seed + 2, shape[1]));
            return [
              b.layerNorm(x, weight, null, 0.1),
              ...b.layerNormGrad(g, x, weight, 0.1),
              b.rmsNorm(x, weight, 0.1),
              ...b.rmsNormGrad(g, x, weight, 0.1),
            ];
          },
          16 + shape[0],
        ),
    ),
    randomLaw('rows: crossEntropy and its gradient', fc.tuple(rows, seeds), ([shape, seed]) =>
      agreeWith(
        ['crossEntropy', 'crossEntropyGrad'],
        (b, put) => {
          const logits = put(
            numbers(seed, sizeOf(shape)).map((v) => 5 * v),
            shape,
          );
          const targets = put(wholes(seed, shape[0], shape[1]));
          const g = put(numbers(seed + 1, shape[0]));
          return [b.crossEntropy(logits, targets), b.crossEntropyGrad(g, logits, targets)];
        },
        16,
      ),
    ),
  ];
}
