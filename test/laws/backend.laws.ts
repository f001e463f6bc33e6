import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Backend, Binary, Compare, Operand, Storage, Unary } from '../../src/backend/backend';
import { referenceBackend } from '../../src/backend/reference';
import type { Distribution } from '../../src/base/distribution';
import { dtypeOf, type TypedArray } from '../../src/base/dtype';
import { ShapeError } from '../../src/base/errors';
import { type Shape, sizeOf, stridesOf } from '../../src/base/shape';
import {
  broadcasts,
  depths,
  extents,
  numbers,
  positiveExtents,
  positiveShapes,
  seeds,
  shapes,
  wholes,
} from '../support/arbitraries';
import { expectClose, expectRelative, expectSameBits } from '../support/close';

const unaries: Unary[] = [
  'neg',
  'exp',
  'log',
  'sqrt',
  'rsqrt',
  'abs',
  'sign',
  'square',
  'tanh',
  'sigmoid',
  'relu',
  'silu',
  'gelu',
  'erf',
  'geluErf',
];
const binaries: Binary[] = [
  'add',
  'sub',
  'mul',
  'div',
  'pow',
  'maximum',
  'minimum',
  'geluGrad',
  'geluErfGrad',
  'siluGrad',
  'reluGrad',
];
const comparisons: Compare[] = ['equal', 'less', 'lessEqual', 'greater', 'greaterEqual'];
const distributions: Distribution[] = ['uniform', 'normal', 'rademacher'];

const special = Float32Array.of(
  0,
  -0,
  1,
  -1,
  0.5,
  -2,
  3,
  1e-30,
  1e-40,
  -1e-40,
  88,
  -88,
  100,
  -100,
  1e4,
  -1e4,
  3e38,
  -3e38,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
);

/** Puts values where the backend under test can use them. */
type Put = (values: TypedArray, shape?: Shape) => Operand;
type Program = (backend: Backend, put: Put) => Storage | readonly Storage[];

/** What every backend owes: it agrees with the reference, and it keeps account of its memory. */
export function backendLaws(name: string, create: () => Backend): void {
  describe(name, () => {
    let backend: Backend;
    const reference = referenceBackend();
    beforeAll(() => {
      backend = create();
      backend.poison(true); // nothing may depend on what freed memory held
    });

    /** Run a program, read its results, check that operands are untouched and that no memory stays behind. */
    async function results(on: Backend, program: Program): Promise<TypedArray[]> {
      const before = on.memory();
      const operands: { storage: Storage; values: TypedArray }[] = [];
      const mark = on.enter();
      const out = [
        program(on, (values, shape = [values.length]) => {
          const storage = on.fromHost(values.slice());
          operands.push({ storage, values });
          return { storage, shape, dtype: dtypeOf(values) };
        }),
      ].flat();
      const read = await Promise.all(out.map((storage) => on.read(storage)));
      for (const { storage, values } of operands) expectSameBits(await on.read(storage), values);
      on.leave(mark);
      for (const storage of [...out, ...operands.map((operand) => operand.storage)]) on.free(storage);
      expect({ ...on.memory(), peakBytes: 0 }).toEqual({ ...before, peakBytes: 0 });
      return read;
    }
    async function agree(
      program: Program,
      terms = 1,
      check: (a: TypedArray, e: TypedArray, n: number) => void = expectClose,
    ): Promise<void> {
      const actual = await results(backend, program);
      const expected = await results(reference, program);
      expect(actual.length).toBe(expected.length);
      actual.forEach((values, i) => void check(values, expected[i] as TypedArray, terms));
    }
    /** A law about random cases; fast-check prints seed and path of a failure. */
    function law<T>(
      title: string,
      cases: fc.Arbitrary<T>,
      holds: (drawn: T) => Promise<void>,
      options: fc.Parameters<[T]> = {},
    ): void {
      it(title, () => fc.assert(fc.asyncProperty(cases, holds), { numRuns: 40, ...options }));
    }

    describe('elementwise', () => {
      describe.each(unaries)('%s', (op) => {
        law('agrees with the reference', fc.tuple(seeds, shapes), ([seed, shape]) =>
          agree((b, put) => b.unary(op, put(numbers(seed, sizeOf(shape)), shape))),
        );
        it('is right at zero, infinity, NaN and far out', () => agree((b, put) => b.unary(op, put(special))));
      });
      it.each(['exp', 'log', 'tanh', 'sigmoid', 'erf'] as const)(
        '%s is accurate to 5 units in the last place',
        (op) => {
          const x = Float32Array.from({ length: 20000 }, (_, i) => (i - 10000) / (op === 'log' ? 1 : 130));
          return agree(
            (b, put) => b.unary(op, put(op === 'log' ? x.map(Math.exp).filter(Number.isFinite) : x)),
            5,
            expectRelative,
          );
        },
      );

      describe.each(binaries)('%s', (op) => {
        const drawn = fc.tuple(broadcasts(2), seeds, fc.constantFrom('both', 'left number', 'right number'));
        law('agrees with the reference, broadcast or with a number', drawn, ([{ shape, operands }, seed, form]) =>
          agree((b, put) => {
            const [a, c] = operands.map((of, i) => put(numbers(seed + i, sizeOf(of)), of)) as [Operand, Operand];
            if (form === 'left number') return b.binary(op, 0.7, c, c.shape);
            return form === 'right number' ? b.binary(op, a, -1.3, a.shape) : b.binary(op, a, c, shape);
          }),
        );
        it('is right at zero, infinity, NaN and far out', () => {
          // The formulas of gradients are 0·∞ at infinity: there only finite numbers have a right answer.
          const values = op.endsWith('Grad') ? special.filter((x) => Math.abs(x) <= 1e4) : special;
          const n = values.length;
          return agree((b, put) => b.binary(op, put(values, [n, 1]), put(values, [1, n]), [n, n]));
        });
      });
      it('two numbers make a constant', () => agree((b) => b.binary('add', 1, 2, [3, 5])));

      describe.each(comparisons)('%s', (op) => {
        law(
          'agrees with the reference',
          fc.tuple(broadcasts(2), seeds, fc.boolean()),
          ([{ shape, operands }, seed, ints]) =>
            agree((b, put) => {
              const values = operands.map((of, i) => wholes(seed + i, sizeOf(of), 4));
              const [a, c] = values.map((v, i) => put(ints ? v : Float32Array.from(v), operands[i])) as [
                Operand,
                Operand,
              ];
              return [b.compare(op, a, c, shape), b.compare(op, a, 2, a.shape), b.compare(op, 1.5, c, c.shape)];
            }),
        );
        it('is right at zero, infinity and NaN', () => {
          const n = special.length;
          return agree((b, put) => b.compare(op, put(special, [n, 1]), put(special, [1, n]), [n, n]));
        });
        it('is exact for large whole numbers', () => {
          const values = Int32Array.of(2 ** 31 - 1, 2 ** 31 - 2, 16777217, 16777216, -(2 ** 31));
          return agree((b, put) => b.compare(op, put(values, [5, 1]), put(values, [1, 5]), [5, 5]));
        });
      });

      law('where', fc.tuple(broadcasts(3), seeds), ([{ shape, operands }, seed]) =>
        agree((b, put) => {
          const [p, q, r] = operands as [Shape, Shape, Shape];
          const condition = put(wholes(seed, sizeOf(p), 2), p);
          const [x, y] = [put(numbers(seed, sizeOf(q)), q), put(numbers(seed + 1, sizeOf(r)), r)];
          return [b.where(condition, x, y, shape), b.where(condition, 1, -1, p)];
        }),
      );
      law('cast', fc.tuple(seeds, shapes), ([seed, shape]) =>
        agree((b, put) => {
          const floats = put(
            numbers(seed, sizeOf(shape)).map((x) => 1000 * x),
            shape,
          );
          const ints = put(wholes(seed, sizeOf(shape), 2 ** 30), shape);
          return [b.cast(floats, 'int32'), b.cast(floats, 'float32'), b.cast(ints, 'float32'), b.cast(ints, 'int32')];
        }),
      );
      it('cast of NaN is 0, and of what is too large the largest', () =>
        agree((b, put) => b.cast(put(special), 'int32')));
      law('axpby', fc.tuple(seeds, shapes), ([seed, shape]) =>
        agree((b, put) => {
          const [x, y] = [0, 1].map((i) => put(numbers(seed + i, sizeOf(shape)), shape)) as [Operand, Operand];
          return b.axpby(0.9, x, -0.1, y);
        }),
      );
    });

    describe('products', () => {
      const transposes = fc.tuple(fc.boolean(), fc.boolean());
      const sizes = fc.tuple(extents, depths, extents);
      law(
        'matmul, all transposes',
        fc.tuple(sizes, transposes, seeds),
        ([[m, k, n], [ta, tb], seed]) =>
          agree((b, put) => {
            const x = put(numbers(seed, m * k), ta ? [k, m] : [m, k]);
            const y = put(numbers(seed + 1, k * n), tb ? [n, k] : [k, n]);
            return b.matmul(x, y, ta, tb, [m, n]);
          }, 2 * k),
        { numRuns: 100 },
      );
      const small = fc.constantFrom(0, 1, 2, 3, 5, 8);
      const batched = fc.tuple(broadcasts(2), fc.tuple(small, small, small), transposes, seeds);
      law('matmul over batches that broadcast', batched, ([{ shape, operands }, [m, k, n], [ta, tb], seed]) =>
        agree((b, put) => {
          const [p, q] = operands as [Shape, Shape];
          const x = put(numbers(seed, sizeOf(p) * m * k), [...p, ...(ta ? [k, m] : [m, k])]);
          const y = put(numbers(seed + 1, sizeOf(q) * k * n), [...q, ...(tb ? [n, k] : [k, n])]);
          return b.matmul(x, y, ta, tb, [...shape, m, n]);
        }, 2 * k),
      );
      it.each([
        [200, 300, 1100],
        [1100, 40, 2],
        [1, 1500, 1],
        [3, 1, 2100],
      ])('matmul beyond one block: m %i, k %i, n %i', (m, k, n) =>
        agree(
          (b, put) => [b.matmul(put(numbers(1, m * k), [m, k]), put(numbers(2, k * n), [n, k]), false, true, [m, n])],
          2 * k,
        ),
      );

      const random = fc.record({
        kind: fc.constantFrom(...distributions),
        key: fc.tuple(seeds, seeds),
        rows: fc.constantFrom(0, 1, 2, 4, 7, 16, 100, 300),
        columns: fc.constantFrom(0, 1, 2, 4, 7, 16, 100, 129, 530),
        scale: fc.constantFrom(1, 0.25, 0.1),
      });
      const product = fc.tuple(random, fc.constantFrom('left', 'right'), fc.boolean(), extents, seeds);
      law(
        'matmulRandom, both sides and transposes',
        product,
        ([a, side, transpose, other, seed]) =>
          agree(
            (b, put) => {
              const inner = (side === 'left') === transpose ? a.rows : a.columns;
              const x = put(numbers(seed, inner * other), side === 'left' ? [inner, other] : [other, inner]);
              return b.matmulRandom(x, a, side, transpose);
            },
            6 * Math.max(a.rows, a.columns), // normals reach 5.8
          ),
        { numRuns: 100 },
      );
      const matrix = random.filter(({ rows, columns }) => rows > 0 && columns > 0 && rows * columns <= 12000);
      law('the matrix of matmulRandom is random() times scale, to the bit', matrix, async (a) => {
        const identity = (n: number): Float32Array =>
          Float32Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0));
        const [stored] = await results(reference, (b) => b.random(a.kind, a.key, [a.rows, a.columns]));
        const expected = (stored as Float32Array).map((x) => x * Math.fround(a.scale));
        const actual = await results(backend, (b, put) => [
          b.matmulRandom(put(identity(a.columns), [a.columns, a.columns]), a, 'left', false),
          b.matmulRandom(put(identity(a.rows), [a.rows, a.rows]), a, 'right', false),
        ]);
        for (const values of actual) expect(values.every((x, i) => x === expected[i])).toBe(true);
      });
      const drawn = fc.tuple(fc.constantFrom(...distributions), seeds, seeds, shapes, fc.constantFrom(1, 3, 100, 700));
      law('random numbers are the same bits', drawn, ([kind, k0, k1, shape, columns]) =>
        agree((b) => b.random(kind, [k0, k1], [...shape, columns]), 0, expectSameBits),
      );
      it.each(distributions)('%s: 2¹⁷ numbers in one row and in many are the same bits', (kind) =>
        agree(
          (b) => [b.random(kind, [7, 11], [2 ** 17]), b.random(kind, [7, 11], [2 ** 9, 2 ** 8])],
          0,
          expectSameBits,
        ),
      );
    });

    describe('reductions', () => {
      const axes = fc.tuple(fc.constantFrom(0, 1, 2, 5), depths, fc.constantFrom(0, 1, 2, 3, 4, 7, 16, 21, 33));
      law('sum, max and min', fc.tuple(axes, seeds), ([axes, seed]) => {
        const [outer, length, inner] = axes;
        return agree((b, put) => {
          const x = put(numbers(seed, outer * length * inner), axes);
          return (['sum', 'max', 'min'] as const).map((op) => b.reduce(op, x, axes));
        }, length);
      });
      law('argmax takes the first of equals', fc.tuple(axes, seeds), ([[outer, length, inner], seed]) => {
        const axes = [outer, Math.max(1, length), inner] as const;
        return agree((b, put) => b.argmax(put(Float32Array.from(wholes(seed, sizeOf(axes), 9)), axes), axes));
      });
      law('cumsum, forwards and backwards', fc.tuple(axes, seeds), ([axes, seed]) =>
        agree((b, put) => {
          const x = put(numbers(seed, sizeOf(axes)), axes);
          return [b.cumsum(x, axes, false), b.cumsum(x, axes, true)];
        }),
      );
      const rowsAndK = fc.tuple(fc.constantFrom(0, 1, 3), extents, fc.double({ min: 0, max: 1, noNaN: true }), seeds);
      law('topK: ties, infinities and NaN in their order', rowsAndK, ([rows, n, fraction, seed]) =>
        agree((b, put) => {
          const marks = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0];
          const values = Float32Array.from(wholes(seed, rows * n, 12), (x) => marks[x] ?? x - 7);
          return b.topK(put(values, [rows, n]), Math.round(fraction * n));
        }),
      );
      law('NaN wins', fc.tuple(positiveExtents, positiveExtents, seeds), ([length, inner, seed]) =>
        agree((b, put) => {
          const values = numbers(seed, length * inner);
          values[seed % values.length] = Number.NaN;
          const x = put(values, [length, inner]);
          const axes = [1, length, inner] as const;
          return [...(['sum', 'max', 'min'] as const).map((op) => b.reduce(op, x, axes)), b.argmax(x, axes)];
        }, length),
      );
      it('a million ones sum exactly, along rows and columns', async () => {
        const ones = new Float32Array(1e6).fill(1);
        const [row, column] = await results(backend, (b, put) => {
          const x = put(ones);
          return [b.reduce('sum', x, [1, 1e6, 1]), b.reduce('sum', x, [1, 250000, 4])];
        });
        expect(row).toEqual(Float32Array.of(1e6));
        expect(column).toEqual(new Float32Array(4).fill(250000));
      });
      it('errors of long sums grow slowly: a million tenths, to 2e-6 relative', async () => {
        const tenths = new Float32Array(1e6).fill(0.1);
        const sums = await results(backend, (b, put) => {
          const x = put(tenths);
          return [b.reduce('sum', x, [1, 1e6, 1]), b.reduce('sum', x, [1, 250000, 4])];
        });
        const exact = 1e6 * Math.fround(0.1);
        expect(Math.abs((sums[0]?.[0] as number) - exact) / exact).toBeLessThan(2e-6);
        expect(Math.abs((sums[1]?.[0] as number) * 4 - exact) / exact).toBeLessThan(2e-5);
      });
    });

    describe('rows', () => {
      const rows = fc.tuple(fc.constantFrom(0, 1, 2, 5, 67), fc.constantFrom(1, 2, 3, 4, 5, 8, 31, 64, 100, 1030));
      law('softmax and its gradient', fc.tuple(rows, seeds), ([shape, seed]) =>
        agree((b, put) => {
          const x = put(
            numbers(seed, sizeOf(shape)).map((v) => 10 * v),
            shape,
          );
          const g = put(numbers(seed + 1, sizeOf(shape)), shape);
          const y = b.softmax(x);
          return [y, b.softmaxGrad(g, { storage: y, shape, dtype: 'float32' })];
        }),
      );
      law('logSoftmax and its gradient', fc.tuple(rows, seeds), ([shape, seed]) =>
        agree((b, put) => {
          const x = put(
            numbers(seed, sizeOf(shape)).map((v) => 10 * v),
            shape,
          );
          const g = put(numbers(seed + 1, sizeOf(shape)), shape);
          const y = b.logSoftmax(x);
          return [y, b.logSoftmaxGrad(g, { storage: y, shape, dtype: 'float32' })];
        }, 1 + shape[1]),
      );
      it('softmax of masked, huge and broken rows', () =>
        agree((b, put) => {
          const inf = Number.POSITIVE_INFINITY;
          const x = put(
            Float32Array.of(0, -inf, 1, -inf, 100, 100, -100, -100, -inf, -inf, -inf, -inf, 1, Number.NaN, 2, 3),
            [4, 4],
          );
          return [b.softmax(x), b.logSoftmax(x)];
        }));
      const norm = fc.tuple(rows, seeds, fc.boolean(), fc.boolean());
      law('layerNorm and its gradients', norm, ([shape, seed, withWeight, withBias]) => {
        const [height, width] = shape;
        return agree((b, put) => {
          const [x, g] = [0, 1].map((i) => put(numbers(seed + i, sizeOf(shape)), shape)) as [Operand, Operand];
          const weight = withWeight ? put(numbers(seed + 2, width)) : null;
          const bias = withBias ? put(numbers(seed + 3, width)) : null;
          const epsilon = 0.1; // rows of one element have no variance: keep 1/√epsilon small
          return [b.layerNorm(x, weight, bias, epsilon), ...b.layerNormGrad(g, x, weight, epsilon)];
        }, 16 + height);
      });
      law('rmsNorm and its gradients', fc.tuple(rows, seeds, fc.boolean()), ([shape, seed, withWeight]) => {
        const [height, width] = shape;
        return agree((b, put) => {
          const [x, g] = [0, 1].map((i) => put(numbers(seed + i, sizeOf(shape)), shape)) as [Operand, Operand];
          const weight = withWeight ? put(numbers(seed + 2, width)) : null;
          return [b.rmsNorm(x, weight, 0.1), ...b.rmsNormGrad(g, x, weight, 0.1)];
        }, 16 + height);
      });
      law('crossEntropy and its gradient', fc.tuple(rows, seeds), ([shape, seed]) =>
        agree((b, put) => {
          const logits = put(
            numbers(seed, sizeOf(shape)).map((v) => 5 * v),
            shape,
          );
          const targets = put(wholes(seed, shape[0], shape[1]));
          const g = put(numbers(seed + 1, shape[0]));
          return [b.crossEntropy(logits, targets), b.crossEntropyGrad(g, logits, targets)];
        }, 16),
      );
    });

    describe('index and movement', () => {
      const tables = fc.tuple(
        positiveExtents,
        fc.array(fc.constantFrom(0, 1, 3, 4, 17), { maxLength: 2 }),
        shapes,
        seeds,
      );
      law('gather and scatterAdd', tables, ([rows, rest, ids, seed]) =>
        agree((b, put) => {
          const positions = put(wholes(seed, sizeOf(ids), rows), ids);
          const table = put(numbers(seed, rows * sizeOf(rest)), [rows, ...rest]);
          const g = put(numbers(seed, sizeOf(ids) * sizeOf(rest)), [...ids, ...rest]);
          return [b.gather(table, positions), b.scatterAdd(g, positions, rows)];
        }, sizeOf(ids)),
      );
      it.each([-1, 5, 2 ** 30])('the id %i outside 5 rows is refused', (id) => {
        const ids = { storage: backend.fromHost(Int32Array.of(0, 4, id)), shape: [3], dtype: 'int32' } as const;
        const table = { storage: backend.fromHost(new Float32Array(15)), shape: [5, 3], dtype: 'float32' } as const;
        const logits = { storage: backend.fromHost(new Float32Array(15)), shape: [3, 5], dtype: 'float32' } as const;
        const mark = backend.enter();
        expect(() => backend.gather(table, ids)).toThrowError(ShapeError);
        expect(() => backend.crossEntropy(logits, ids)).toThrowError(`the id ${id}; expected ids from 0 to 4`);
        backend.leave(mark);
      });

      const moves = fc.tuple(fc.array(fc.constantFrom(1, 2, 3, 4, 5, 9, 16), { maxLength: 5 }), seeds, fc.boolean());
      law('strided: transposes, slices and broadcasts of either dtype', moves, ([shape, seed, ints]) =>
        agree((b, put) => {
          const x = put(ints ? wholes(seed, sizeOf(shape), 99) : numbers(seed, sizeOf(shape)), shape);
          const strides = stridesOf(shape);
          const order = shape.map((_, axis) => axis).sort((p, q) => ((seed >> p) & 7) - ((seed >> q) & 7));
          const pick = <T>(of: readonly T[]): T[] => order.map((axis) => of[axis] as T);
          const start = shape.map((extent, axis) => (seed >> axis) % extent);
          const sliced = shape.map((extent, axis) => extent - (start[axis] as number));
          const offset = start.reduce((sum, skip, axis) => sum + skip * (strides[axis] as number), 0);
          return [
            b.strided(x, pick(shape), pick(strides), 0),
            b.strided(x, pick(sliced), pick(strides), offset),
            b.strided(x, [2, ...pick(shape), 3], [0, ...pick(strides), 0], 0),
            b.strided(x, [0, ...shape], [0, ...strides], 0),
          ];
        }),
      );
      law('stridedAdd: overlapping windows, transposes and broadcasts', moves, ([shape, seed]) =>
        agree((b, put) => {
          const x = put(numbers(seed, sizeOf(shape)), shape);
          const steps = shape.map((_, axis) => (seed >> (2 * axis)) & 3);
          const reach = shape.reduce<number>((sum, extent, axis) => sum + (extent - 1) * (steps[axis] as number), 3);
          return [b.stridedAdd(x, reach, steps, 2), b.stridedAdd(x, sizeOf(shape), stridesOf(shape), 0)];
        }, sizeOf(shape)),
      );
      law('pad', fc.tuple(shapes, seeds, fc.boolean()), ([shape, seed, ints]) =>
        agree((b, put) => {
          const x = put(ints ? wholes(seed, sizeOf(shape), 99) : numbers(seed, sizeOf(shape)), shape);
          const before = shape.map((_, axis) => (seed >> axis) & 1);
          return b.pad(
            x,
            before,
            shape.map((extent, axis) => extent + (before[axis] as number) + ((seed >> (axis + 4)) & 1)),
            (seed & 7) - 3,
          );
        }),
      );
      const pieces = fc.tuple(
        positiveExtents,
        fc.array(fc.constantFrom(0, 1, 2, 5, 100), { minLength: 1, maxLength: 4 }),
        seeds,
      );
      law('concat', pieces, ([outer, runs, seed]) =>
        agree((b, put) =>
          b.concat(
            runs.map((run, i) => put(numbers(seed + i, outer * run), [outer, run])),
            outer,
          ),
        ),
      );
    });

    describe('storage', () => {
      const operand = (storage: Storage, dtype: 'float32' | 'int32' = 'float32'): Operand => ({
        storage,
        shape: [storage.size],
        dtype,
      });
      const three = Float32Array.of(1, 2, 3);

      it('read is a copy, of results and of host arrays', async () => {
        const mark = backend.enter();
        const x = backend.fromHost(three.slice());
        const y = backend.unary('neg', operand(x));
        for (const storage of [x, y]) {
          const first = await backend.read(storage);
          const expected = first.slice();
          first.fill(9);
          expect(await backend.read(storage)).toEqual(expected);
        }
        backend.leave(mark);
        backend.free(x);
        backend.free(y);
      });
      it('two live results of one kernel do not share memory', async () => {
        const [first, second] = await results(backend, (b, put) => [
          b.unary('neg', put(three)),
          b.unary('neg', put(special)),
        ]);
        expect(first).toEqual(Float32Array.of(-1, -2, -3));
        expect(second).toEqual(special.map((x) => -x));
      });
      it('an alias outlives the original, and the original the alias', async () => {
        for (const order of [0, 1]) {
          const mark = backend.enter();
          const host = backend.fromHost(three.slice());
          const made = backend.unary('square', operand(host));
          for (const storage of [host, made]) {
            const expected = await backend.read(storage);
            const lives = [storage, backend.alias(storage)];
            backend.free(lives[order] as Storage);
            const other = backend.unary('neg', operand(lives[1 - order] as Storage));
            expect(await backend.read(lives[1 - order] as Storage)).toEqual(expected);
            expect(await backend.read(other)).toEqual(expected.map((x) => -x));
            backend.free(other);
            backend.free(lives[1 - order] as Storage);
          }
          backend.leave(mark);
        }
      });
      it('memory() counts results once however many aliases, and host arrays not at all', () => {
        const before = backend.memory();
        const mark = backend.enter();
        const x = backend.fromHost(new Float32Array(1000));
        const y = backend.unary('exp', operand(x));
        const z = backend.alias(y);
        backend.leave(mark);
        const during = backend.memory();
        expect([during.tensors - before.tensors, during.bytes - before.bytes]).toEqual([1, 4000]);
        backend.free(y);
        expect(backend.memory().tensors).toBe(before.tensors + 1);
        backend.free(z);
        backend.free(x);
        expect(backend.memory().tensors).toBe(before.tensors);
        expect(backend.memory().bytes).toBe(before.bytes);
        expect(backend.memory().peakBytes).toBeGreaterThanOrEqual(before.bytes + 4000);
        backend.resetPeak();
        expect(backend.memory().peakBytes).toBe(before.bytes);
      });
      it('a collectable storage no longer counts and keeps its values; its alias too', async () => {
        const before = backend.memory().tensors;
        const mark = backend.enter();
        const x = backend.fromHost(three.slice());
        const y = backend.unary('square', operand(x));
        const z = backend.alias(y);
        backend.collectable(y);
        backend.collectable(z);
        backend.collectable(x);
        backend.leave(mark);
        expect(backend.memory().tensors).toBe(before);
        const later = backend.enter();
        const sum = backend.binary('add', operand(y), operand(z), [3]);
        expect(await backend.read(sum)).toEqual(Float32Array.of(2, 8, 18));
        expect(await backend.read(z)).toEqual(Float32Array.of(1, 4, 9));
        backend.leave(later);
        for (const storage of [x, y, z, sum]) backend.free(storage);
        expect(backend.memory().tensors).toBe(before);
      });
      it('a resident storage stays when the scope ends, until it is freed', async () => {
        const before = backend.memory();
        const mark = backend.enter();
        const x = backend.fromHost(three.slice());
        const y = backend.unary('neg', operand(x));
        backend.resident(x);
        backend.resident(y);
        backend.leave(mark);
        expect(backend.memory().tensors - before.tensors).toBe(2);
        expect(backend.memory().bytes - before.bytes).toBe(24);
        expect(await backend.read(x)).toEqual(three);
        backend.free(x);
        backend.free(y);
        expect(backend.memory().tensors).toBe(before.tensors);
      });
      it('a host array that is freed within the scope in which it was used leaves nothing behind', () => {
        const before = backend.memory().tensors;
        const mark = backend.enter();
        const x = backend.fromHost(three.slice());
        const twin = backend.alias(x);
        backend.free(backend.unary('neg', operand(x)));
        const inner = backend.enter();
        backend.free(backend.unary('neg', operand(twin)));
        backend.free(x);
        backend.leave(inner);
        backend.free(backend.unary('neg', operand(twin)));
        backend.leave(mark);
        backend.free(twin);
        expect(backend.memory().tensors).toBe(before);
      });
      law(
        'values survive while others come and go',
        fc.array(fc.tuple(seeds, positiveShapes), { maxLength: 30 }),
        async (drawn) => {
          const before = backend.memory().tensors;
          const live: { storage: Storage; expected: TypedArray }[] = [];
          for (const [seed, shape] of drawn) {
            const mark = backend.enter();
            const values = numbers(seed, 100 * sizeOf(shape));
            const host = backend.fromHost(values);
            live.push({ storage: backend.unary('neg', operand(host)), expected: values.map((x) => -x) });
            backend.leave(mark);
            if (seed % 3 === 0) backend.free((live.shift() as { storage: Storage }).storage);
          }
          for (const { storage, expected } of live) {
            expectSameBits(await backend.read(storage), expected);
            backend.free(storage);
          }
          expect(backend.memory().tensors).toBe(before);
        },
      );
    });

    it('says what it is', () => {
      expect(backend.name).not.toBe('');
      expect(Object.keys(backend.describe())).toContain('precision');
    });
  });
}
