import { describe, expect, it } from 'vitest';
import type { Operand, Storage } from '../../src/backend/contract';
import { broadcastShapes } from '../../src/base/shape';
import type { Tensor } from '../../src/index';
import { broadcasting, elementwise, type OpRow, opCase, opLaws, real, shapesOf } from '../../src/laws';
import { apply, type Composite, compute, type Primitive } from '../../src/tensor/op';
import { add, matmul, mul, neg, reshape, square, tanh, transpose } from '../../src/tensor/ops';
import { sumTo } from '../../src/tensor/ops/reductions/sum-to';

// Wrong ops that look right at a glance. The laws must convict each of them, by the law that is about its mistake and
// for every seed: a law that cannot fail proves nothing.

/** tanh, apart from what is wrong with it. */
const tanhLike = (wrong: Partial<Primitive<[x: Tensor]>>): OpRow => {
  const op: Primitive<[x: Tensor]> = {
    name: 'mutant',
    kernel: (on, [x]) => on.unary('tanh', x),
    vjp: (g, _, { output }) => [() => mul(g, add(1, neg(square(output))))],
    ...wrong,
  };
  return elementwise('mutant', (x) => apply(op, [x], undefined, x.shape));
};

/** tanh by formulas, with kernels in their place where the backend has accelerators, apart from what is wrong with it. */
const fusedTanh = (wrong: Partial<Composite<[x: Tensor]>>): OpRow => {
  const op: Composite<[x: Tensor]> = {
    name: 'mutant',
    forward: ([x]) => tanh(x),
    vjp: (g, _, { output }) => [() => mul(g, slope(output))],
    kernel: (on, [x]) => (on.activation ? on.unary('tanh', x) : undefined),
    vjpKernel(on, g, _, { output }) {
      if (!on.activationGrad) return undefined;
      const of = (storage: Storage): Operand => ({ storage, shape: g.shape, dtype: 'float32' });
      const squares = on.unary('square', output);
      const slopes = on.binary('sub', 1, of(squares), g.shape);
      const result = on.binary('mul', g, of(slopes), g.shape);
      for (const done of [squares, slopes]) on.free(done);
      return result;
    },
    ...wrong,
  };
  return elementwise('mutant', (x) => apply(op, [x], undefined, x.shape));
};

/** A sum of two tensors that broadcast, apart from its vjp. */
const addLike = (vjp: Primitive<[a: Tensor, b: Tensor]>['vjp']): OpRow => {
  const op: Primitive<[a: Tensor, b: Tensor]> = {
    name: 'mutant',
    kernel: (on, [a, b], _, shape) => on.binary('add', a, b, shape),
    vjp,
  };
  return broadcasting('mutant', (a, b) => apply(op, [a, b], undefined, broadcastShapes('mutant', a.shape, b.shape)));
};

/** The product of two square matrices, apart from the cotangent of the left one. */
const productLike = (left: (g: Tensor, b: Tensor) => Tensor): OpRow => {
  const op: Primitive<[a: Tensor, b: Tensor]> = {
    name: 'mutant',
    kernel: (on, [a, b], _, shape) => on.matmul(a, b, false, false, shape, null),
    vjp: (g, [a, b]) => [() => left(g, b), () => matmul(a, g, { transposeA: true })],
  };
  return {
    name: 'mutant',
    cases: (extent) =>
      extent.map((n) => opCase([real([n, n]), real([n, n])], (a, b) => apply(op, [a, b], undefined, [n, n]))),
  };
};

const slope = (y: Tensor): Tensor => add(1, neg(square(y)));
const hidden = (g: Tensor, y: Tensor): Tensor =>
  compute('hidden', [g, slope(y)], g.shape, (on, [a, b]) => on.binary('mul', a, b, g.shape));

const differences = 'the vjp equals central differences in every coordinate';
const second = 'the second derivative equals central differences of the gradient';
const mutants: Record<string, { row: OpRow; convictedBy: string; error?: string }> = {
  'a vjp that is 1% off': {
    row: tanhLike({ vjp: (g, _, { output }) => [() => mul(1.01, mul(g, slope(output)))] }),
    convictedBy: differences,
  },
  'a vjp that is 0.1% off': {
    row: tanhLike({ vjp: (g, _, { output }) => [() => mul(1.001, mul(g, slope(output)))] }),
    convictedBy: differences,
  },
  'a vjp of the wrong sign': {
    row: tanhLike({ vjp: (g, _, { output }) => [() => neg(mul(g, slope(output)))] }),
    convictedBy: differences,
  },
  'a vjp that forgets the cotangent': {
    row: tanhLike({ vjp: (_, __, { output }) => [() => slope(output)] }),
    convictedBy: 'the vjp is linear in the cotangent',
  },
  'no sum over broadcast axes': {
    row: addLike((g) => [() => g, () => g]),
    convictedBy: 'broadcast axes are summed back: gradients have the shapes of the inputs',
  },
  'a mean over broadcast axes': {
    row: addLike((g, [a, b]) => [() => mul(sumTo(g, a.shape), a.size / g.size), () => sumTo(g, b.shape)]),
    convictedBy: differences,
  },
  'the cotangent of the other input': {
    row: addLike((g, [a, b]) => [() => sumTo(g, a.shape), () => mul(sumTo(g, b.shape), 0)]),
    convictedBy: differences,
  },
  'a transposed cotangent': {
    row: productLike((g, b) => transpose(matmul(g, b, { transposeB: true }))),
    convictedBy: differences,
  },
  'a product with the matrix instead of its transpose': {
    row: productLike((g, b) => matmul(g, b)),
    convictedBy: differences,
  },
  'a vjp that hides from the tape what it computes': {
    row: tanhLike({ vjp: (g, _, { output }) => [() => hidden(g, output)] }),
    convictedBy: second,
  },
  'a kernel that is off by a constant from its formula': {
    row: fusedTanh({ forward: ([x]) => add(tanh(x), 0.01) }),
    convictedBy: 'kernels agree with the formulas that they stand for',
  },
  'a kernel of a vjp with another slope than its formula': {
    row: fusedTanh({ vjp: (g, _, { output }) => [() => mul(1.001, mul(g, slope(output)))] }),
    convictedBy: 'the gradient is the same under an outer derivative',
  },
  'a formula of a vjp that forgets a term which is constant': {
    row: fusedTanh({ vjp: (g, _, { output }) => [() => mul(g, add(slope(output), 0.5))] }),
    convictedBy: 'kernels agree with the formulas that they stand for',
  },
  'a kernel that differs from the reference': {
    row: tanhLike({
      kernel: (on, [x]) => on.unary(on.name === 'reference' ? 'tanh' : 'sigmoid', x),
    }),
    convictedBy: 'value and derivatives agree with the reference',
  },
  'a kernel that overflows far out': {
    row: tanhLike({
      kernel(on, [x], _, shape) {
        if (on.name === 'reference') return on.unary('tanh', x);
        const of = (storage: Storage): Operand => ({ storage, shape, dtype: 'float32' });
        const e = of(on.unary('exp', of(on.binary('mul', x, 2, shape)))); // tanh x = (e²ˣ − 1)/(e²ˣ + 1)
        return on.binary('div', of(on.binary('sub', e, 1, shape)), of(on.binary('add', e, 1, shape)), shape);
      },
    }),
    convictedBy: 'value and gradient agree with the reference at extreme magnitudes',
  },
  'a leak of one tensor': {
    row: tanhLike({
      kernel(on, [x]) {
        on.unary('neg', x);
        return on.unary('tanh', x);
      },
    }),
    convictedBy: 'what is made on the way is freed',
  },
  'a crash where there are no elements': {
    row: {
      name: 'mutant',
      cases: (extent) =>
        shapesOf(extent).map((shape) => opCase([real(shape)], (x) => reshape(tanh(x), [x.size / (x.size && 1)]))),
    },
    convictedBy: 'shapes without elements are fine',
    error: 'ShapeError',
  },
};

describe('the laws convict', () => {
  for (const [name, { row, convictedBy, error = 'Violation' }] of Object.entries(mutants)) {
    it(name, async () => {
      const law = opLaws(row).find((one) => one.name === `mutant: ${convictedBy}`);
      // Cases are random, and seldom a whole round has none that tells: five rounds.
      const rounds = async (): Promise<void> => {
        for (let round = 0; round < 5; round++) await law?.holds();
      };
      await expect(rounds()).rejects.toMatchObject({ cause: { name: error } });
    });
  }
  it('nothing of the ops that the mutants were made from', async () => {
    const right = [
      tanhLike({}),
      fusedTanh({}),
      addLike((g, [a, b]) => [() => sumTo(g, a.shape), () => sumTo(g, b.shape)]),
      productLike((g, b) => matmul(g, b, { transposeB: true })),
    ];
    for (const row of right) for (const { holds } of opLaws(row)) await holds();
  });
});
