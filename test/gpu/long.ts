import type { Axes, FullBackend, Operand, Storage } from '../../src/backend/contract';
import { fillRow } from '../../src/base/distribution';
import { dtypeOf, type TypedArray } from '../../src/base/dtype';
import type { Shape } from '../../src/base/shape';
import { type Law, law } from '../../src/laws/law';
import { claim, claimEqual } from '../../src/laws/violation';

/**
 * Sums, rows and searches that are longer than a loop of a shader may be, or have more results than a device counts
 * along one axis: what stops early gives wrong numbers without a word. Expected values are computed here, in float64.
 */
export function longLaws(create: () => FullBackend): Law[] {
  const run = async (make: (backend: FullBackend, put: Put) => Storage | readonly Storage[]): Promise<TypedArray[]> => {
    const backend = create();
    const mark = backend.enter();
    const put: Put = (values, shape) => ({ storage: backend.fromHost(values), shape, dtype: dtypeOf(values) });
    const made = [make(backend, put)].flat();
    const values = await Promise.all(made.map((storage) => backend.read(storage)));
    for (const storage of made) backend.free(storage);
    backend.leave(mark);
    return values;
  };
  return [
    ...[1500, 20_000, 70_000, 1_000_000].map((n) =>
      law(`long: the sum of ${n} elements, and of their squares, to 1e-6`, async () => {
        const x = uniform(n);
        const sums = await run((b, put) => [
          b.reduce('sum', put(x, [n]), [1, n, 1]),
          b.reduce('sumSquares', put(x, [n]), [1, n, 1]),
        ]);
        near(sums[0], [total(x)], 1e-6);
        near(sums[1], [total(x.map((v) => v * v))], 1e-6);
      }),
    ),
    law('long: the largest and the smallest of 70,000, wherever they are', async () => {
      for (const at of [0, 1, 16_383, 16_384, 65_535, 65_536, 69_999]) {
        const x = uniform(70_000);
        x[at] = 3;
        x[69_999 - at] = -3;
        const found = await run((b, put) => {
          const values = put(x, [70_000]);
          const axes = [1, 70_000, 1] as const;
          return [b.reduce('max', values, axes), b.reduce('min', values, axes), b.argmax(values, axes)];
        });
        claimEqual(
          `extremes at ${at}`,
          found.map((values) => values[0]),
          [3, -3, at],
        );
      }
    }),
    law('long: a NaN among 70,000 wins', async () => {
      const x = uniform(70_000);
      x[66_000] = Number.NaN;
      const axes = [1, 70_000, 1] as const;
      const found = await run((b, put) => {
        const values = put(x, [70_000]);
        return [...(['sum', 'max', 'min'] as const).map((op) => b.reduce(op, values, axes)), b.argmax(values, axes)];
      });
      claimEqual(
        'sum, max, min',
        found.slice(0, 3).map((values) => Number.isNaN(values[0])),
        [true, true, true],
      );
      claimEqual('argmax', found[3]?.[0], 66_000);
    }),
    law('long: the 100 largest of 20,000 in two rows, and all in order', async () => {
      const x = uniform(40_000).map((v) => Math.floor(v * 5000)); // with ties
      const orders = [0, 1].map((row) => {
        const at = (i: number): number => x[row * 20_000 + i] as number;
        return Array.from({ length: 20_000 }, (_, i) => i).sort((i, j) => at(j) - at(i) || i - j);
      });
      for (const k of [100, 20_000]) {
        const [indices, positions] = await run((b, put) => b.topK(put(x, [2, 20_000]), k));
        const right = orders.map((order) => order.slice(0, k));
        same(indices, right.flat());
        same(
          positions,
          right.flatMap((order, row) => order.map((i) => row * 20_000 + i)),
        );
      }
    }),
    ...(
      [
        [70_000, 3, 1],
        [600_000, 3, 1],
        [1, 3, 70_000],
        [2, 3, 70_000],
        [70_000, 3, 2],
        [3, 20_000, 5],
      ] as const
    ).map((axes) =>
      law(`long: sums, largest and its place over the middle of ${axes.join(' × ')}`, async () => {
        const [outer, length, inner] = axes;
        const x = uniform(outer * length * inner);
        const found = await run((b, put) => {
          const values = put(x, axes);
          return [b.reduce('sum', values, axes), b.reduce('max', values, axes), b.argmax(values, axes)];
        });
        const right = lines(x, axes);
        near(found[0], right.map(total), 1e-6);
        same(
          found[1],
          right.map((line) => line.reduce((a, v) => Math.max(a, v))),
        );
        same(
          found[2],
          right.map((line) => line.indexOf(line.reduce((a, v) => Math.max(a, v)))),
        );
      }),
    ),
    law('long: running sums of 70,000, forwards and backwards, to 1e-6', async () => {
      const x = uniform(70_000);
      const axes = [1, 70_000, 1] as const;
      const [forwards, backwards] = await run((b, put) => {
        const values = put(x, [70_000]);
        return [b.cumsum(values, axes, false), b.cumsum(values, axes, true)];
      });
      near(forwards, runningSums(x), 1e-6);
      near(backwards, runningSums(x.toReversed()).reverse(), 1e-6);
    }),
    ...(
      [
        [1, 70_000],
        [600_000, 3],
      ] as const
    ).flatMap(([rows, n]) => [
      law(`long: softmax of ${rows} rows of ${n}, its logarithm and gradients`, async () => {
        const [x, g] = [uniform(rows * n).map((v) => 8 * v), uniform(rows * n, 1)];
        const found = await run((b, put) => {
          const [values, grads] = [put(x, [rows, n]), put(g, [rows, n])];
          const [y, log] = [b.softmax(values), b.logSoftmax(values)];
          const as = (storage: Storage): Operand => ({ storage, shape: [rows, n], dtype: 'float32' });
          return [y, log, b.softmaxGrad(grads, as(y)), b.logSoftmaxGrad(grads, as(log))];
        });
        const right = byRows([x, g], n, ([row, grad]) => {
          const normalizer = Math.log(total(row.map(Math.exp)));
          const y = row.map((v) => Math.exp(v - normalizer));
          const [dot, sum] = [total(y.map((p, i) => p * (grad[i] as number))), total(grad)];
          return [
            y,
            row.map((v) => v - normalizer),
            y.map((p, i) => p * ((grad[i] as number) - dot)),
            grad.map((v, i) => v - (y[i] as number) * sum),
            row.map(() => normalizer),
            grad.map((v, i) => v + (y[i] as number) * sum), // g − y·Σg cancels: how large its terms are
          ];
        }) as [number[], number[], number[], number[], number[], number[]];
        const [y, log, dy, dlog, normalizers, terms] = right;
        near(found[0], y, 4e-6);
        near(found[1], log, 4e-6, normalizers);
        near(found[2], dy, 4e-6, y);
        near(found[3], dlog, 8e-6, terms);
      }),
      law(`long: layer norm of ${rows} rows of ${n}, and the gradient of its weight`, async () => {
        const [x, g] = [uniform(rows * n), uniform(rows * n, 1)];
        const epsilon = 1e-2;
        const [y, , dweight] = await run((b, put) => {
          const values = put(x, [rows, n]);
          return [
            b.layerNorm(values, null, null, epsilon),
            ...b.layerNormGrad(put(g, [rows, n]), values, null, epsilon),
          ];
        });
        const [normal] = byRows([x], n, ([row]) => {
          const mean = total(row) / n;
          const root = Math.sqrt(total(row.map((v) => (v - mean) ** 2)) / n + epsilon);
          return [row.map((v) => (v - mean) / root)];
        });
        near(
          y,
          normal as number[],
          4e-6,
          (normal as number[]).map((v) => Math.max(1, Math.abs(v))),
        );
        const [sums, sizes] = [new Float64Array(n), new Float64Array(n)];
        for (const [i, v] of (normal as number[]).entries()) {
          (sums[i % n] as number) += v * (g[i] as number);
          (sizes[i % n] as number) += Math.max(1, Math.abs(v)) * (g[i] as number);
        }
        near(dweight, Array.from(sums), 4e-6, Array.from(sizes));
      }),
    ]),
  ];
}

type Put = (values: TypedArray, shape: Shape) => Operand;

/** Numbers in [0, 1). */
function uniform(n: number, key = 0): Float32Array {
  const values = new Float32Array(n);
  fillRow('uniform', [2026, key], 0, 0, values);
  return values;
}

function total(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function runningSums(values: Float32Array): number[] {
  let sum = 0;
  return Array.from(values, (value) => {
    sum += value;
    return sum;
  });
}

/** The lines along the middle axis, in the order of the results. */
function lines(x: Float32Array, [outer, length, inner]: Axes): number[][] {
  return Array.from({ length: outer * inner }, (_, line) => {
    const start = Math.floor(line / inner) * length * inner + (line % inner);
    return Array.from({ length }, (_, l) => x[start + l * inner] as number);
  });
}

/** What `make` gives for each row of these arrays, joined again. */
function byRows<T extends readonly Float32Array[]>(
  arrays: readonly [...T],
  n: number,
  make: (rows: { [K in keyof T]: number[] }) => number[][],
): number[][] {
  const joined: number[][] = [];
  for (let from = 0; from < (arrays[0] as Float32Array).length; from += n) {
    const rows = arrays.map((values) => Array.from(values.subarray(from, from + n)));
    for (const [i, made] of make(rows as { [K in keyof T]: number[] }).entries()) {
      joined[i] ??= [];
      for (const value of made) (joined[i] as number[]).push(value);
    }
  }
  return joined;
}

/** Within `relative` of each size, by default that of the expected value. */
function near(
  actual: TypedArray | undefined,
  expected: readonly number[],
  relative: number,
  sizes: readonly number[] = expected,
): void {
  claimEqual('number of values', actual?.length, expected.length);
  for (const [i, right] of expected.entries()) {
    const got = actual?.[i] as number;
    const allowed = relative * Math.abs(sizes[i] as number);
    claim(Math.abs(got - right) <= allowed, `element ${i} of ${expected.length} is ${got}; expected ${right}`);
  }
}

function same(actual: TypedArray | undefined, expected: readonly number[]): void {
  near(actual, expected, 0);
}
