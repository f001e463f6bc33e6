import type { FullBackend, Operand, Storage } from '../../src/backend/contract';
import type { TypedArray } from '../../src/base/dtype';
import { type Shape, sizeOf } from '../../src/base/shape';
import { expectClose, expectSame, flushed } from '../../src/laws/close';
import { type Law, law } from '../../src/laws/law';
import { claim, claimEqual } from '../../src/laws/violation';

/**
 * What gpu.js, drivers and promises get wrong without a word, each in a case that shows it: the same list for Node and
 * for pages, to be run one after the other and before other laws, so that kernels are not built yet. The comment of
 * each says which change of the backend makes it fail.
 */
export function gpuTraps(get: () => FullBackend): Law[] {
  /** Runs a case in a scope; what it returns is read, checked and freed. */
  const trap = (
    name: string,
    run: (b: FullBackend, put: (values: TypedArray, shape?: Shape) => Operand) => readonly [Storage, TypedArray][],
    check: (actual: TypedArray, expected: TypedArray) => void = (a, e) => expectSame(flushed(a), flushed(e)),
  ): Law =>
    law(`trap: ${name}`, async () => {
      const b = get();
      const before = b.memory();
      const mark = b.enter();
      const puts: Storage[] = [];
      const cases = run(b, (values, shape = [values.length]) => {
        const storage = b.fromHost(values);
        puts.push(storage);
        return operand(storage, shape);
      });
      const read = await Promise.all(cases.map(([storage]) => b.read(storage)));
      b.leave(mark);
      for (const storage of [...cases.map(([made]) => made), ...puts]) b.free(storage);
      for (const [i, values] of read.entries()) check(values, (cases[i] as [Storage, TypedArray])[1]);
      claimEqual('memory afterwards', b.memory().bytes, before.bytes);
    });

  return [
    // A kernel whose size is set while it is being built: GpuQueue.run() that starts a job while one is pending.
    trap('two sizes of a kernel that is not built yet', (b, put) =>
      [5, 2, 700].map((n) => [b.axpby(2, put(counting(n)), 1, put(counting(n))), counting(n, 3)]),
    ),
    // setOutput left out when a size differs from the last, or results not immutable.
    trap('sizes that grow and shrink, with all results alive', (b, put) =>
      [3, 2000, 7, 2000, 1, 5000, 2].map((n, i) => [b.binary('mul', put(counting(n)), i + 1, [n]), counting(n, i + 1)]),
    ),
    // Handles of another rank or class than a kernel saw first: uploads that are passed as inputs.
    trap('a host array where a result was before, and the other way round', (b, put) => {
      const pairs: [Storage, TypedArray][] = [];
      for (const n of [6, 40, 6]) {
        const x = put(counting(n));
        const made = b.unary('square', x);
        pairs.push([b.binary('sub', x, operand(made), [n]), counting(n).map((v) => v - v * v)]);
        pairs.push([b.binary('sub', operand(made), x, [n]), counting(n).map((v) => v * v - v)]);
        pairs.push([made, counting(n).map((v) => v * v)]);
      }
      return pairs;
    }),
    // GpuQueue.run() that starts a job while one is pending.
    trap('what is freed between two pending operations, a hundred times', (b, put) => {
      let sum = b.unary('neg', put(counting(300)));
      for (let i = 0; i < 100; i++) {
        const next = b.binary('add', operand(sum), 1, [300]);
        b.free(sum);
        b.free(b.unary('square', operand(next))); // takes what was freed
        sum = next;
      }
      return [[sum, counting(300).map((v) => 100 - v)]];
    }),
    // loopMaxIterations left out (1000); limits.loop raised (headless GL: 16,383 of four threads, 65,535).
    ...[1500, 20_000, 70_000].map((n) =>
      trap(`sums over ${n} elements, along each axis`, (b, put) => {
        const values = Float32Array.from({ length: 2 * n }, (_, i) => 1 + (i % 2)); // exact however it is added
        const x = put(values, [2, n]);
        return [
          [b.reduce('sum', x, [1, 2 * n, 1]), Float32Array.of(3 * n)],
          [b.reduce('sum', x, [2, n, 1]), Float32Array.of(1.5 * n, 1.5 * n)],
          [b.reduce('sum', x, [1, n, 2]), Float32Array.of(n, 2 * n)],
          [
            b.matmul(x, put(new Float32Array(n).fill(1), [n, 1]), false, false, [2, 1], null),
            new Float32Array(2).fill(1.5 * n),
          ],
        ];
      }),
    ),
    // longestSegment raised beyond what a loop may have.
    trap('70,000 rows that all go to one', (b, put) => {
      const ids = put(new Int32Array(70_000).fill(1));
      return [[b.scatterAdd(put(new Float32Array(70_000).fill(1)), ids, 3), Float32Array.of(0, 70_000, 0)]];
    }),
    // A launch of nothing: zero sizes are answered without the device.
    trap('zero sizes', (b, put) => {
      const [none, rows] = [put(new Float32Array(0), [0, 3]), put(counting(3), [1, 3])];
      const ids = put(new Int32Array(0));
      return [
        [b.unary('exp', none), new Float32Array(0)],
        [b.binary('add', none, rows, [0, 3]), new Float32Array(0)],
        [b.reduce('sum', none, [1, 0, 3]), new Float32Array(3)],
        [b.matmul(put(new Float32Array(0), [2, 0]), none, false, false, [2, 3], null), new Float32Array(6)],
        [b.gather(rows, ids), new Float32Array(0)],
        [b.scatterAdd(none, ids, 2), new Float32Array(6)],
        [b.concat([none, rows, none], 1), counting(3)],
        [b.pad(none, [1, 0], [2, 3], 7), new Float32Array(6).fill(7)],
      ];
    }),
    // Math.tanh, Math.exp, Math.log and ** of the driver in place of math.ts.
    trap(
      'tanh, exp, log and powers at their edges',
      (b, put) => {
        const far = Float32Array.of(100, -100, 50, 3e38, -3e38, Number.NaN, 0.001);
        const powers = Float32Array.of(-2, -3, -0.5, 2, 0, 0, -1, 10);
        const exponents = Float32Array.of(3, 2, -3, 0.5, 0, -1, 0.5, 38);
        return [
          [b.unary('tanh', put(far)), far.map(Math.tanh)],
          [b.unary('exp', put(far)), far.map(Math.exp)],
          [
            b.unary('log', put(Float32Array.of(0, -1, 1, 1.0000001, 3e38, Number.NaN))),
            Float32Array.of(
              -Infinity,
              Number.NaN,
              0,
              Math.log(Math.fround(1.0000001)),
              Math.log(Math.fround(3e38)),
              Number.NaN,
            ),
          ],
          [b.binary('pow', put(powers), put(exponents), [8]), powers.map((x, i) => x ** (exponents[i] as number))],
        ];
      },
      expectClose,
    ),
    // Comparisons that a compiler turns around: !(a > b) for a <= b.
    trap('NaN and infinities through copies, choices and comparisons', (b, put) => {
      const x = Float32Array.of(Number.NaN, Infinity, -Infinity, 2, -2);
      return [
        [b.cast(put(x), 'float32'), x],
        [b.activation('relu', put(x)), Float32Array.of(Number.NaN, Infinity, 0, 2, 0)],
        [b.binary('maximum', put(x), 0, [5]), Float32Array.of(Number.NaN, Infinity, 0, 2, 0)],
        [b.binary('minimum', 0, put(x), [5]), Float32Array.of(Number.NaN, 0, -Infinity, 0, -2)],
        [b.pad(put(x), [1], [7], -Infinity), Float32Array.of(-Infinity, ...x, -Infinity)],
        [b.binary('add', put(Float32Array.of(1)), Number.NaN, [1]), Float32Array.of(Number.NaN)],
      ];
    }),
    // Division of positions that rounds up; extents in the wrong order.
    trap('1×1, 1×N, N×1 and primes', (b, put) =>
      [
        [1, 1],
        [1, 7],
        [7, 1],
        [13, 11],
        [1, 1021],
      ].flatMap(([m, n]): [Storage, TypedArray][] => {
        const [rows, columns] = [m as number, n as number];
        const of = (f: (i: number, j: number) => number): Float32Array =>
          Float32Array.from({ length: rows * columns }, (_, at) => f(Math.floor(at / columns), at % columns));
        const x = put(
          of((i, j) => i + 100 * j),
          [rows, columns],
        );
        return [
          [
            b.binary('add', put(counting(rows), [rows, 1]), put(counting(columns, 3), [1, columns]), [rows, columns]),
            of((i, j) => i + 3 * j),
          ],
          [
            b.strided(x, [columns, rows], [1, columns], 0),
            Float32Array.from({ length: rows * columns }, (_, at) => (at % rows) + 100 * Math.floor(at / rows)),
          ],
        ];
      }),
    ),
    // walk() without the check of limits.dims: WebGPU has 524,280 threads along an axis.
    trap('more rows than a device has threads along an axis', (b, put) => {
      const rows = 600_001;
      const x = put(counting(2 * rows), [rows, 2]);
      return [
        [
          b.binary('sub', x, put(counting(rows, 2), [rows, 1]), [rows, 2]),
          Float32Array.from({ length: 2 * rows }, (_, i) => i % 2),
        ],
        [
          b.concat([x, put(new Float32Array(rows).fill(-1), [rows, 1])], 1),
          Float32Array.from({ length: 3 * rows }, (_, i) => (i < 2 * rows ? i : -1)),
        ],
      ];
    }),
    // Positions in variables (floats): odd ones beyond 2²⁴ are rounded to even ones.
    trap('elements beyond 2²⁴ are found', (b, put) => {
      const n = 2 ** 24 + 9;
      const x = put(Float32Array.from({ length: n }, (_, i) => i % 1009));
      const sliced = b.strided(x, [7], [1], n - 7);
      const folded = b.strided(x, [2, 3], [2 ** 23 + 1, 1], 2 ** 23 + 1);
      const joined = b.concat([x, operand(sliced)], 1);
      const tail = b.strided(operand(joined), [8], [1], n - 1);
      b.free(joined);
      const at = (...of: number[]): Float32Array => Float32Array.from(of, (i) => i % 1009);
      const last = Array.from({ length: 7 }, (_, i) => n - 7 + i);
      const first = 2 ** 23 + 1;
      return [
        [sliced, at(...last)],
        [folded, at(first, first + 1, first + 2, 2 * first, 2 * first + 1, 2 * first + 2)],
        [tail, at(n - 1, ...last)],
      ];
    }),
    // `together` raised: WebGPU refuses to bind more than eight buffers.
    trap('more parts than a kernel can take', (b, put) => {
      const parts = Array.from({ length: 20 }, (_, i) => put(new Float32Array(i % 3).fill(i), [1, i % 3]));
      return [
        [
          b.concat(parts, 1),
          Float32Array.from(Array.from({ length: 20 }, (_, i) => new Array<number>(i % 3).fill(i)).flat()),
        ],
      ];
    }),
    // drop() that deletes at once instead of in the queue.
    law('trap: what is there already and freed while an operation on it is pending', async () => {
      const b = get();
      const mark = b.enter();
      const x = b.fromHost(counting(40));
      const made = b.unary('neg', operand(x));
      await b.read(made); // now it has its memory
      const first = b.unary('square', operand(made));
      const second = b.binary('mul', operand(made), operand(first), [40]);
      b.free(made);
      b.free(b.unary('abs', operand(x))); // takes what was freed
      expectSame(flushed(await b.read(second)), flushed(counting(40).map((v) => -v * v * v)));
      b.leave(mark);
      for (const storage of [x, first, second]) b.free(storage);
    }),
    // usable() and the failure of a job left out: GL goes on with whatever the memory holds.
    law('trap: what was freed is refused', async () => {
      const b = get();
      const mark = b.enter();
      const x = b.fromHost(counting(4));
      const freed = b.unary('neg', operand(x));
      b.free(freed);
      let refused = false;
      try {
        const made = b.unary('neg', operand(freed));
        b.free(made);
        await b.read(made);
      } catch {
        refused = true;
      }
      b.leave(mark);
      b.free(x);
      claim(refused, 'an operation on freed memory gave numbers');
    }),
    // need() without its check.
    law('trap: int32 numbers that the device would round are refused', () => {
      const b = get();
      const mark = b.enter();
      const large = b.fromHost(Int32Array.of(2 ** 24 + 1));
      const made = b.compare('less', operand(b.fromHost(counting(1))), 2, [1]); // int32, and only the device knows it
      let refused = false;
      try {
        b.compare('equal', operand(large), operand(made), [1]);
      } catch {
        refused = true;
      }
      b.leave(mark);
      b.free(large);
      b.free(made);
      claim(refused, '2²⁴ + 1 went to the device, which takes it for 2²⁴');
    }),
  ];
}

/** 0, step, 2·step, … */
function counting(size: number, step = 1): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => i * step);
}

function operand(storage: Storage, shape: Shape = [storage.size]): Operand {
  if (sizeOf(shape) !== storage.size) throw new Error('the shape does not fit');
  return { storage, shape, dtype: storage.dtype };
}
