import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/contract';
import { referenceBackend } from '../../src/backend/reference/backend';
import { backendLaws } from '../../src/laws';

// The reference with one thing wrong: the law that is about it must convict it.

const wrong = (change: (right: Backend) => Partial<Backend>): (() => Backend) => {
  return () => Object.assign(referenceBackend(), change(referenceBackend()));
};

const mutants: Record<string, { create: () => Backend; convictedBy: string }> = {
  'a gradient kernel of another function': {
    create: wrong((right) => ({
      binary: (op, a, b, shape) => right.binary(op === 'siluGrad' ? 'geluGrad' : op, a, b, shape),
    })),
    convictedBy: 'elementwise: siluGrad agrees with the reference, broadcast or with a number',
  },
  'a product that forgets to transpose': {
    create: wrong((right) => ({ matmul: (a, b, ta, _, shape, bias) => right.matmul(a, b, ta, false, shape, bias) })),
    convictedBy: 'products: matmul, all transposes, with and without bias',
  },
  'random numbers of another key': {
    create: wrong((right) => ({ random: (kind, [k0, k1], shape) => right.random(kind, [k0, k1 ^ 1], shape) })),
    convictedBy: 'products: random numbers are the same bits',
  },
  'another epsilon': {
    create: wrong((right) => ({ layerNorm: (x, weight, bias, e) => right.layerNorm(x, weight, bias, 1.001 * e) })),
    convictedBy: 'rows: layerNorm and its gradients',
  },
  'a peak that drowns a logarithm': {
    create: wrong((right) => ({
      logSoftmax(x) {
        const width = x.shape.at(-1) as number;
        const out = (right.readSync(x.storage) as Float32Array).slice();
        for (let from = 0; from < out.length; from += width) {
          const row = out.subarray(from, from + width);
          const peak = row.reduce((a, b) => Math.max(a, b), -Infinity);
          const normalizer = peak + Math.log(row.reduce((sum, v) => sum + Math.exp(v - peak), 0));
          row.set(row.map((v) => v - normalizer));
        }
        return right.fromHost(out);
      },
    })),
    convictedBy: 'rows: softmax, logSoftmax, crossEntropy and gradients far out',
  },
  'a gradient that multiplies infinity by 0': {
    create: wrong((right) => ({
      binary: (op, a, b, shape) =>
        op === 'geluGrad' && typeof b !== 'number'
          ? right.binary(
              'add',
              { storage: right.binary('mul', b, 0, b.shape), shape: b.shape, dtype: 'float32' },
              {
                storage: right.binary(op, a, b, shape),
                shape,
                dtype: 'float32',
              },
              shape,
            )
          : right.binary(op, a, b, shape),
    })),
    convictedBy: 'elementwise: geluGrad is right at zero, infinity, NaN and far out',
  },
  'ids that are not checked': {
    create: wrong((right) => ({ gather: (table) => right.unary('neg', table) })),
    convictedBy: 'index and movement: the id 5 outside 5 rows is refused',
  },
  'memory that is not freed': {
    create: wrong(() => ({ free: () => {} })),
    convictedBy: 'storage: memory() counts results once however many aliases, and host arrays not at all',
  },
  'an alias that is the same life': {
    create: wrong(() => ({ alias: (storage) => storage })),
    convictedBy: 'storage: an alias outlives the original, and the original the alias',
  },
};

describe('the laws convict', () => {
  for (const [name, { create, convictedBy }] of Object.entries(mutants)) {
    it(name, async () => {
      const law = backendLaws(create).find((one) => one.name === convictedBy);
      const error = await law?.holds().then(
        () => 'nothing',
        (thrown: Error) => thrown.cause ?? thrown, // fast-check wraps what a random law throws
      );
      expect(error).toMatchObject({ name: 'Violation' });
    });
  }
});
