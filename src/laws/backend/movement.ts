import fc from 'fast-check';
import { ShapeError } from '../../base/errors';
import { sizeOf, stridesOf } from '../../base/shape';
import { numbers, positiveExtents, seeds, shapes, wholes } from '../arbitraries';
import { type Law, law, randomLaw } from '../law';
import { claim } from '../violation';
import type { Trial } from './trial';

/** Rows picked by ids, and values brought to other places. */
export function movementLaws({ backend, agree }: Trial): Law[] {
  const tables = fc.tuple(positiveExtents, fc.array(fc.constantFrom(0, 1, 3, 4, 17), { maxLength: 2 }), shapes, seeds);
  const moves = fc.tuple(fc.array(fc.constantFrom(1, 2, 3, 4, 5, 9, 16), { maxLength: 5 }), seeds, fc.boolean());
  const pieces = fc.tuple(
    positiveExtents,
    fc.array(fc.constantFrom(0, 1, 2, 5, 100), { minLength: 1, maxLength: 4 }),
    seeds,
  );
  return [
    randomLaw('index and movement: gather of either dtype, and scatterAdd', tables, ([rows, rest, ids, seed]) =>
      agree((b, put) => {
        const positions = put(wholes(seed, sizeOf(ids), rows), ids);
        const table = put(numbers(seed, rows * sizeOf(rest)), [rows, ...rest]);
        const ints = put(wholes(seed, rows * sizeOf(rest), 2 ** 31), [rows, ...rest]);
        const g = put(numbers(seed, sizeOf(ids) * sizeOf(rest)), [...ids, ...rest]);
        return [b.gather(table, positions), b.gather(ints, positions), b.scatterAdd(g, positions, rows)];
      }, sizeOf(ids)),
    ),
    ...[-1, 5, 2 ** 30].map((id) =>
      law(`index and movement: the id ${id} outside 5 rows is refused`, () => {
        const b = backend();
        const ids = { storage: b.fromHost(Int32Array.of(0, 4, id)), shape: [3], dtype: 'int32' } as const;
        const table = { storage: b.fromHost(new Float32Array(15)), shape: [5, 3], dtype: 'float32' } as const;
        const logits = { storage: b.fromHost(new Float32Array(15)), shape: [3, 5], dtype: 'float32' } as const;
        const mark = b.enter();
        claimRefused('gather', () => b.gather(table, ids));
        if (b.crossEntropy) claimRefused('crossEntropy', () => b.crossEntropy?.(logits, ids));
        b.leave(mark);
        for (const { storage } of [ids, table, logits]) b.free(storage);
      }),
    ),
    randomLaw(
      'index and movement: strided: transposes, slices, broadcasts and flips of either dtype',
      moves,
      ([shape, seed, ints]) =>
        agree((b, put) => {
          const x = put(ints ? wholes(seed, sizeOf(shape), 99) : numbers(seed, sizeOf(shape)), shape);
          const strides = stridesOf(shape);
          const order = shape.map((_, axis) => axis).sort((p, q) => ((seed >> p) & 7) - ((seed >> q) & 7));
          const pick = <T>(of: readonly T[]): T[] => order.map((axis) => of[axis] as T);
          const start = shape.map((extent, axis) => (seed >> axis) % extent);
          const sliced = shape.map((extent, axis) => extent - (start[axis] as number));
          const offset = start.reduce((sum, skip, axis) => sum + skip * (strides[axis] as number), 0);
          const flipped = strides.map((step, axis) => ((seed >> axis) & 8 ? -step : step));
          const last = shape.reduce<number>(
            (sum, extent, axis) => sum - Math.min(0, flipped[axis] as number) * (extent - 1),
            0,
          );
          return [
            b.strided(x, pick(shape), pick(flipped), last),
            b.strided(x, pick(shape), pick(strides), 0),
            b.strided(x, pick(sliced), pick(strides), offset),
            b.strided(x, [2, ...pick(shape), 3], [0, ...pick(strides), 0], 0),
            b.strided(x, [0, ...shape], [0, ...strides], 0),
          ];
        }),
    ),
    randomLaw(
      'index and movement: stridedAdd: overlapping windows, transposes and broadcasts',
      moves,
      ([shape, seed]) =>
        agree((b, put) => {
          const x = put(numbers(seed, sizeOf(shape)), shape);
          const steps = shape.map((_, axis) => (seed >> (2 * axis)) & 3);
          const reach = shape.reduce<number>((sum, extent, axis) => sum + (extent - 1) * (steps[axis] as number), 3);
          return [b.stridedAdd(x, reach, steps, 2), b.stridedAdd(x, sizeOf(shape), stridesOf(shape), 0)];
        }, sizeOf(shape)),
    ),
    randomLaw('index and movement: pad', fc.tuple(shapes, seeds, fc.boolean()), ([shape, seed, ints]) =>
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
    ),
    randomLaw('index and movement: concat', pieces, ([outer, runs, seed]) =>
      agree((b, put) =>
        b.concat(
          runs.map((run, i) => put(numbers(seed + i, outer * run), [outer, run])),
          outer,
        ),
      ),
    ),
  ];
}

/** Ids that are too large or negative must be named by every op that reads them. */
function claimRefused(what: string, run: () => unknown): void {
  let error: unknown;
  try {
    run();
  } catch (thrown) {
    error = thrown;
  }
  const says = error instanceof ShapeError && /the id -?\d+; expected ids from 0 to 4/.test(error.message);
  claim(says, `${what} of an id outside the rows: got ${String(error)}; expected a ShapeError that names id and range`);
}
