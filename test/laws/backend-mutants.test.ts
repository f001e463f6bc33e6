import { describe, expect, it } from 'vitest';
import type { Backend, FullBackend, Operand } from '../../src/backend/contract';
import { referenceBackend } from '../../src/backend/reference/backend';
import { backendLaws } from '../../src/laws';

// The reference with one thing wrong: the law that is about it must convict it.

const wrong = (change: (right: FullBackend) => Partial<Backend>): (() => Backend) => {
  return () => Object.assign(referenceBackend(), change(referenceBackend()));
};

const mutants: Record<string, { create: () => Backend; convictedBy: string }> = {
  'a gradient kernel of another function': {
    create: wrong((right) => ({
      activationGrad: (op, g, x) => right.activationGrad(op === 'silu' ? 'gelu' : op, g, x),
    })),
    convictedBy: 'elementwise: silu and its gradient agree with the reference',
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
      activationGrad(op, g, x) {
        const grad: Operand = { storage: right.activationGrad(op, g, x), shape: x.shape, dtype: 'float32' };
        const zero: Operand = { storage: right.binary('mul', x, 0, x.shape), shape: x.shape, dtype: 'float32' };
        return right.binary('add', grad, zero, x.shape);
      },
    })),
    convictedBy: 'elementwise: gelu and its gradient are right at zero, infinity, NaN and far out',
  },
  'a map of two operands that forgets which is which': {
    create: wrong((right) => ({ map: (f, [x, y], shape) => right.map(f, y === undefined ? [x] : [y, x], shape) })),
    convictedBy: 'elementwise: map of mod agrees with the reference, broadcast',
  },
  'a sine of degrees': {
    create: wrong((right) => ({
      map: (f, xs, shape) =>
        right.map(f.name === 'sin' ? { ...f, of: (x) => Math.sin((x * Math.PI) / 180) } : f, xs, shape),
    })),
    convictedBy: 'elementwise: map of sin agrees with the reference',
  },
  'halves rounded up': {
    create: wrong((right) => ({
      map: (f, xs, shape) => right.map(f.name === 'round' ? { ...f, of: Math.round } : f, xs, shape),
    })),
    convictedBy: 'elementwise: map of round is right at zero, infinity, NaN, halves and far out',
  },
  'whole numbers added in floats': {
    create: wrong((right) => ({
      map: (f, xs, shape) => right.map(f.name === 'addInt' ? { ...f, of: (x, y) => Math.fround(x + y) } : f, xs, shape),
    })),
    convictedBy: 'elementwise: map of addInt wraps around',
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
