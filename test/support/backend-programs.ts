import type { AttentionSpec } from '../../src/backend/attention-spec';
import type { DType, TypedArray } from '../../src/base/dtype';
import { dtypeOf } from '../../src/base/dtype';
import { sizeOf } from '../../src/base/shape';
import type { BackendOperand, FullBackend, Storage } from '../../src/index';
import { numbers, wholes } from '../../src/laws/arbitraries';

export type Ints = readonly [m: number, n: number, k: number, seed: number];
/** Makes operands with numbers of their own. */
interface Make {
  floats(...shape: number[]): BackendOperand;
  ids(below: number, ...shape: number[]): BackendOperand;
}
export type Program = (on: FullBackend, make: Make, ints: Ints) => Storage | readonly Storage[];

/** What a program gives, and nothing of it stays. */
export function results(on: FullBackend, program: Program, ints: Ints): TypedArray[] {
  let streams = 0;
  const operands: Storage[] = [];
  const operand = (values: TypedArray, shape: readonly number[]): BackendOperand => {
    const storage = on.fromHost(values);
    operands.push(storage);
    return { storage, shape, dtype: dtypeOf(values) };
  };
  const mark = on.enter();
  const made = program(
    on,
    {
      floats: (...shape) => operand(numbers(ints[3] + streams++, sizeOf(shape)), shape),
      ids: (below, ...shape) => operand(wholes(ints[3] + streams++, sizeOf(shape), below), shape),
    },
    ints,
  );
  const storages = [made].flat() as Storage[];
  const read = storages.map((storage) => on.readSync(storage));
  on.leave(mark);
  for (const storage of [...storages, ...operands]) on.free(storage);
  return read;
}

export const as = (storage: Storage, shape: readonly number[], dtype: DType = 'float32'): BackendOperand => ({
  storage,
  shape,
  dtype,
});
/** The first result of a program that goes on with it. */
export function thenFree(on: FullBackend, first: readonly Storage[], last: readonly Storage[]): readonly Storage[] {
  for (const storage of first) on.free(storage);
  return last;
}

const flip = [false, true];
const key = [7, 11] as const;
const factors = { beta1: 0.9, beta2: 0.99, correction1: 3, correction2: 4, epsilon: 1e-8 };

/** Every operation of a backend, by family; a new operation gets a line here. */
export const programs: Record<string, Program> = {
  'unary functions': (on, { floats }, [m, n]) => {
    const x = floats(m, n);
    return [
      ...(['exp', 'tanh', 'erf', 'sigmoid', 'sqrt'] as const).map((op) => on.unary(op, x)),
      on.activation('gelu', x),
    ];
  },
  'binary functions, broadcast in every way': (on, { floats }, [m, n, k]) => {
    const x = floats(k, m, n);
    const others = [floats(k, m, n), floats(n), floats(m, 1), floats(k, 1, n), floats(1), 1.5];
    return others.flatMap((y) => [
      on.binary('add', x, y, [k, m, n]),
      on.binary('div', y, x, [k, m, n]),
      on.compare('less', x, y, [k, m, n]),
    ]);
  },
  'where and cast': (on, { floats, ids }, [m, n]) => [
    on.where(ids(2, m, n), floats(m, 1), floats(n), [m, n]),
    on.cast(floats(m, n), 'int32'),
  ],
  'matmul in all transposes': (on, { floats }, [m, n, k]) =>
    flip.flatMap((ta) =>
      flip.map((tb) => {
        const [a, b] = [ta ? floats(k, m) : floats(m, k), tb ? floats(n, k) : floats(k, n)];
        return on.matmul(a, b, ta, tb, [m, n], ta === tb ? floats(n) : null);
      }),
    ),
  'matmul of thin operands': (on, { floats }, [m, n, k]) =>
    [1, 2, 5, 16].flatMap((thin) => [
      on.matmul(floats(m * k, n), floats(n, thin), false, false, [m * k, thin], null),
      on.matmul(floats(thin, n), floats(m * k, n), false, true, [thin, m * k], null),
    ]),
  'matmul in batches': (on, { floats }, [m, n, k]) =>
    flip.flatMap((tb) => [
      on.matmul(floats(6, m, k), tb ? floats(6, n, k) : floats(6, k, n), false, tb, [6, m, n], null),
      on.matmul(floats(3, 1, k, m), tb ? floats(2, n, k) : floats(2, k, n), true, tb, [3, 2, m, n], floats(n)),
      on.matmul(floats(5, m, k), tb ? floats(n, k) : floats(k, n), false, tb, [5, m, n], null),
    ]),
  'low-rank sums on a support': (on, { floats }, [m, n, k]) => [
    on.addOnSupport(floats(m, n), floats(m, k), floats(k, n)),
  ],
  'products with generated matrices': (on, { floats }, [m, n, k]) =>
    (['normal', 'rademacher'] as const).flatMap((kind) => {
      const a = { kind, key, rows: k, columns: n, scale: 0.5 };
      return [
        on.matmulRandom(floats(m, k), a, 'right', false),
        on.matmulRandom(floats(m, n), a, 'right', true),
        on.matmulRandom(floats(n, m), a, 'left', false),
        on.matmulRandom(floats(k, m), a, 'left', true),
        on.randomCross(a, { ...a, rows: m }),
      ];
    }),
  'random numbers': (on, _make, [m, n]) =>
    (['uniform', 'normal', 'rademacher', { sparsity: 3 }] as const).map((kind) => on.random(kind, key, [m, n])),
  'attention and its gradient': (on, { floats }, [m, , k]) =>
    flip.flatMap((causal) => {
      const spec: AttentionSpec = {
        batch: 3,
        heads: 1,
        queries: m,
        keys: m,
        width: k,
        valueWidth: k,
        packed: false,
        scale: 0.3,
        causal,
      };
      const [q, keys, v, g] = [floats(3, m, k), floats(3, m, k), floats(3, m, k), floats(3, m, k)];
      const [out, normalizers] = on.attention([q, keys, v], spec);
      const known = [as(out, [3, m, k]), as(normalizers, [3, m])] as const;
      return [out, normalizers, ...on.attentionGrad(g, [q, keys, v], ...known, spec)];
    }),
  'attention of packed heads and its gradient': (on, { floats }, [m, , k]) => {
    const spec: AttentionSpec = {
      batch: 2,
      heads: 3,
      queries: m,
      keys: m,
      width: k,
      valueWidth: k,
      packed: true,
      scale: 0.3,
      causal: true,
    };
    const [x, g] = [floats(2, m, 9 * k), floats(2, m, 3 * k)];
    const [out, normalizers] = on.attention([x, x, x], spec);
    const known = [as(out, [2, m, 3 * k]), as(normalizers, [2, 3, m])] as const;
    return [out, normalizers, ...on.attentionGrad(g, [x, x, x], ...known, spec)];
  },
  'reductions along every axis': (on, { floats }, [m, n, k]) => {
    const x = floats(m, n, k);
    return (['sum', 'sumSquares', 'max', 'min'] as const).flatMap((op) => [
      on.reduce(op, x, [1, m * n * k, 1]),
      on.reduce(op, x, [1, m * n, k]),
      on.reduce(op, x, [m, n, k]),
      on.reduce(op, x, [m * n, k, 1]),
    ]);
  },
  'scans and searches': (on, { floats }, [m, n, k]) => [
    on.argmax(floats(m, n, k), [m, n, k]),
    on.cumsum(floats(m, n, k), [m, n, k], true),
    ...on.topK(floats(m, n), Math.min(n, 3)),
  ],
  'softmax and its gradients': (on, { floats }, [m, n]) => {
    const [x, g] = [floats(m, n), floats(m, n)];
    return [on.softmax(x), on.softmaxGrad(g, x), on.logSoftmax(x), on.logSoftmaxGrad(g, x)];
  },
  'norms and their gradients': (on, { floats }, [m, n, k]) => {
    const [x, g, weight] = [floats(m * k, n), floats(m * k, n), floats(n)];
    return [
      on.layerNorm(x, weight, floats(n), 1e-5),
      ...on.layerNormGrad(g, x, weight, 1e-5),
      on.rmsNorm(x, weight, 1e-5),
      ...on.rmsNormGrad(g, x, null, 1e-5),
    ];
  },
  'cross-entropy and its gradient': (on, { floats, ids }, [m, n]) => {
    const [logits, targets] = [floats(m, n), ids(n, m)];
    return [on.crossEntropy(logits, targets), on.crossEntropyGrad(floats(m), logits, targets)];
  },
  'updates of optimizers': (on, { floats }, [m, n, k]) => {
    const squares = [on.unary('square', floats(m, n)), on.unary('square', floats(k, m))];
    const leaves = [[m, n] as const, [k, m] as const].map(([rows, columns], i) => ({
      g: floats(rows, columns),
      mean: floats(rows, columns),
      square: as(squares[i] as Storage, [rows, columns]),
      row: floats(rows),
      column: floats(columns),
    }));
    const made = [
      ...leaves.map(({ g, mean }) => on.axpby(0.9, g, 0.1, mean)),
      ...on.adam(leaves, factors).flatMap(({ update, mean, square }) => [update, mean, square]),
      ...on.rms(leaves, 0.9, 1e-8).flatMap(({ update, square }) => [update, square]),
      ...on.lion(leaves, 0.9, 0.99).flatMap(({ update, mean }) => [update, mean]),
      ...on.squareSums(leaves).flatMap(({ row, column }) => [row, column]),
      ...on.scaleRowsColumns(leaves).map(({ update }) => update),
    ];
    return thenFree(on, squares, made);
  },
  'rows by index, and copies': (on, { floats, ids }, [m, n, k]) => [
    on.gather(floats(m, n), ids(m, k)),
    on.scatterAdd(floats(k, n), ids(m, k), m),
    on.strided(floats(m, n), [n, m], [1, n], 0),
    on.stridedAdd(floats(n, m), m * n, [1, n], 0),
    on.pad(floats(m, n), [1, 2], [m + 3, n + 2], 0.5),
    on.concat([floats(m, n), floats(m, k)], m),
  ],
};
