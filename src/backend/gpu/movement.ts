import { copy } from '../../../kernels/gpujs/elementwise';
import * as rowKernels from '../../../kernels/gpujs/index';
import * as kernels from '../../../kernels/gpujs/movement';
import { sum } from '../../../kernels/gpujs/reductions';
import { allocate, type TypedArray } from '../../base/dtype';
import { sizeOf, stridesOf } from '../../base/shape';
import type { Movement, Operand, Storage } from '../contract';
import type { GpuHandle } from './device';
import { checkExact } from './exact';
import type { Dims } from './gpujs';
import { checkedIds } from './ids';
import { mirrored } from './mirror';
import { isPromise, type Later } from './queue';
import { join } from './reductions';
import { flat, type GpuRunner, operandOf, seen } from './runner';
import { walk } from './walk';

/** Places are computed by the threads, or by a walk over few axes. */
export const movement = (on: GpuRunner) => {
  const family = {
    gather(table, ids) {
      const [rows, ...rest] = table.shape as [number, ...number[]];
      const [width, count] = [sizeOf(rest), ids.storage.size];
      const ints = table.dtype === 'int32';
      const onHost = ints ? mirrored(on, [table, ids], (cpu, [t, i]) => cpu.gather(t as Operand, i as Operand)) : null;
      if (onHost !== null) return onHost;
      checkExact(on, `gather from ${rows} rows`, rows);
      const checked = checkedIds(on, 'gather', ids, rows);
      const picked = flat(operandOf(checked));
      const result =
        width * count === 0
          ? on.host(allocate(table.dtype, 0))
          : width === 1
            ? on.launch({ source: rowKernels.pick, flat: true }, [count, 1, 1], [flat(table), picked], table.dtype)
            : on.launch(
                { source: rowKernels.gather },
                [width, count, 1],
                [seen(table, [width, rows, 1]), picked],
                table.dtype,
              );
      on.free(checked);
      return result;
    },
    scatterAdd(g, ids, rows) {
      const count = ids.storage.size;
      const width = sizeOf(g.shape.slice(ids.shape.length));
      if (count * width * rows === 0) return on.host(new Float32Array(rows * width));
      const known = on.known(ids);
      const out: Dims = [width, rows, 1];
      if (known !== null)
        return on.compute([g], out, ([rowsOfG]) => sumRows(on, rowsOfG as GpuHandle, known, rows, width));
      return on.compute([g, ids], out, ([rowsOfG, picked]) =>
        after(on.device.read(picked as GpuHandle, count), (read) =>
          sumRows(on, rowsOfG as GpuHandle, read, rows, width),
        ),
      );
    },
    strided(x, shape, strides, offset): Storage {
      if (sizeOf(shape) === 0) return on.host(allocate(x.dtype, 0));
      return (
        mirrored(on, [x], (reference, [p]) => reference.strided(p as Operand, shape, strides, offset)) ??
        walk(on, copy, shape, [{ name: 'x', x, strides, start: offset }], x.dtype)
      );
    },
    /**
     * Axis by axis, from the one with the smallest step: x is [outer, count, length], and window i of `length` belongs at
     * i·step. Windows that touch are in place already, those with gaps are padded, those that overlap are added up.
     * Strides are not negative.
     */
    stridedAdd(x, size, strides, offset): Storage {
      if (size === 0 || x.storage.size === 0) return on.host(new Float32Array(size));
      const order = strides
        .map((_, axis) => axis)
        .sort((p, q) => (strides[q] as number) - (strides[p] as number) || p - q);
      const pick = (of: readonly number[]): number[] => order.map((axis) => of[axis] as number);
      const [extents, steps] = [pick(x.shape), pick(strides)];
      let sums: Storage = family.strided(x, extents, pick(stridesOf(x.shape)), 0);
      const replace = (by: Storage): void => {
        on.free(sums);
        sums = by;
      };
      let length = 1; // of a window: what the axes so far have become
      for (let axis = extents.length - 1; axis >= 0; axis--) {
        const [count, step] = [extents[axis] as number, steps[axis] as number];
        if (count === 1) continue;
        const outer = sums.size / (count * length);
        if (step === 0) {
          replace(join(on, sum, [operandOf(sums)], [outer, count, length]));
        } else if (step >= length) {
          if (step > length) replace(padded(on, operandOf(sums), outer * count, length, 0, step, 0));
          length = count * step;
        } else {
          const reach = (count - 1) * step + length;
          checkExact(
            on,
            `overlapping windows of ${count * length} elements together`,
            count * length,
            'split the image',
          );
          const { spread, dims, columns } = spreadOf(on, outer, reach);
          const kernel = { source: kernels.windows(spread), integers: ['columns'], flat: spread === 'flat' };
          const args = [seen(operandOf(sums), [length, count, outer]), count, length, step, columns];
          replace(on.launch(kernel, dims, args));
          length = reach;
        }
      }
      replace(padded(on, operandOf(sums), 1, length, offset, size, 0));
      return sums;
    },
    /** One pass for each axis that grows, seen as [outer, axis and all behind it]. */
    pad(x, before, shape, value) {
      const size = sizeOf(shape);
      if (size === 0 || x.storage.size === 0) return on.host(allocate(x.dtype, size).fill(value));
      const onHost = mirrored(on, [x], (reference, [p]) => reference.pad(p as Operand, before, shape, value));
      if (onHost !== null) return onHost;
      const grown = [...x.shape];
      let made: Storage | null = null;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        const [from, to] = [grown[axis] as number, shape[axis] as number];
        if (from === to) continue;
        const outer = sizeOf(grown.slice(0, axis));
        const inner = sizeOf(grown.slice(axis + 1));
        const operand = made === null ? x : operandOf(made);
        const next = padded(on, operand, outer, from * inner, (before[axis] as number) * inner, to * inner, value);
        if (made !== null) on.free(made);
        made = next;
        grown[axis] = to;
      }
      return made ?? walk(on, copy, [size], [{ name: 'x', x, strides: [1], start: 0 }], x.dtype);
    },
    concat(parts, outer): Storage {
      const dtype = parts[0]?.dtype ?? 'float32';
      const full = parts.filter(({ storage }) => storage.size > 0);
      if (full.length === 0) return on.host(allocate(dtype, 0));
      const onHost = mirrored(on, full, (reference, of) => reference.concat(of as Operand[], outer));
      if (onHost !== null) return onHost;
      const groups: Operand[][] = [];
      for (let from = 0; from < full.length; from += together) groups.push(full.slice(from, from + together));
      const joined = groups.map((group) => concatFew(on, group, outer));
      if (joined.length === 1) return joined[0] as Storage;
      const result = family.concat(
        joined.map((storage) => operandOf(storage)),
        outer,
      );
      on.free(...joined);
      return result;
    },
  } satisfies Movement;
  return family;
};

/** Terms that one thread adds up: enough work for it, and far from where drivers stop. */
const longestSegment = 2048;

/** In a job: row i of g is added to row ids[i] of zeros [rows, width]. */
function sumRows(on: GpuRunner, g: GpuHandle, ids: TypedArray, rows: number, width: number): Later<GpuHandle> {
  // A counting sort: rows of g in the order of their ids.
  const starts = new Float32Array(rows + 1);
  for (const id of ids) (starts[id + 1] as number) += 1;
  for (let row = 0; row < rows; row++) (starts[row + 1] as number) += starts[row] as number;
  const next = starts.slice();
  const order = new Float32Array(ids.length);
  ids.forEach((id, i) => {
    order[next[id] as number] = i;
    (next[id] as number) += 1;
  });
  return sumSegments(on, g, ids.length, order, starts, width);
}

/** In a job: sums of segments of rows; long ones in pieces, whose sums are added up in turn. */
function sumSegments(
  on: GpuRunner,
  g: GpuHandle,
  count: number,
  order: Float32Array,
  starts: Float32Array,
  width: number,
): Later<GpuHandle> {
  const cuts: number[] = []; // where pieces start
  const firstPiece = new Float32Array(starts.length);
  for (let row = 0; row + 1 < starts.length; row++) {
    const [from, to] = [starts[row] as number, starts[row + 1] as number];
    for (let cut = from; cut < to; cut += longestSegment) cuts.push(cut);
    firstPiece[row + 1] = cuts.length;
  }
  const whole = starts.every((from, row) => row === 0 || from - (starts[row - 1] as number) <= longestSegment);
  const ends = whole ? starts : Float32Array.from([...cuts, starts[starts.length - 1] as number]);
  const segments = ends.length - 1;
  return after(on.device.upload(order, [order.length, 1, 1]), (sorted) =>
    after(on.device.upload(ends, [ends.length, 1, 1]), (bounds) =>
      after(
        on.start(
          { source: rowKernels.segmentSum },
          [width, segments, 1],
          [
            { handle: g, dims: [width, count, 1] },
            { handle: sorted, dims: [order.length, 1, 1] },
            { handle: bounds, dims: [ends.length, 1, 1] },
          ],
        ),
        (sums) => {
          on.device.delete(sorted);
          on.device.delete(bounds);
          if (whole) return sums;
          const inOrder = Float32Array.from({ length: segments }, (_, i) => i);
          return after(sumSegments(on, sums, segments, inOrder, firstPiece, width), (result) => {
            on.device.delete(sums);
            return result;
          });
        },
      ),
    ),
  );
}

/** Goes on at once where it can. */
function after<T, U>(value: Later<T>, then: (value: T) => Later<U>): Later<U> {
  return isPromise(value) ? value.then(then) : then(value);
}

/** x [outer, length] → [outer, block] with x at `before`; what does not fit behind is cut off. */
function padded(
  on: GpuRunner,
  x: Operand,
  outer: number,
  length: number,
  before: number,
  block: number,
  value: number,
): Storage {
  const { spread, dims, columns } = spreadOf(on, outer, block);
  const integers = ['length', 'before', 'columns'];
  const kernel = { source: kernels.pad(spread), integers, flat: spread === 'flat' };
  return on.launch(kernel, dims, [flat(x), length, before, columns, value], x.dtype);
}

/** Arrays that one kernel takes: WebGPU binds eight buffers, the result among them. */
const together = 7;

function concatFew(on: GpuRunner, parts: readonly Operand[], outer: number): Storage {
  const lengths = parts.map(({ storage }) => storage.size / outer);
  const { spread, dims, columns } = spreadOf(
    on,
    outer,
    lengths.reduce((a, b) => a + b, 0),
  );
  const integers = [...kernels.concatLengths(parts.length), 'columns'];
  const kernel = { source: kernels.concat(parts.length, spread), integers, flat: spread === 'flat' };
  const args = parts.flatMap((part, i) => [flat(part), lengths[i] as number]);
  return on.launch(kernel, dims, [...args, columns], (parts[0] as Operand).dtype);
}

/** Threads for [outer, block]: a block is a row of them, or several where it is too long for one. */
function spreadOf(
  on: GpuRunner,
  outer: number,
  block: number,
): { readonly spread: kernels.Spread; readonly dims: Dims; readonly columns: number } {
  if (outer === 1) return { spread: 'flat', dims: [block, 1, 1], columns: block };
  const [longest, most] = on.device.limits.dims;
  if (block <= longest && outer <= most) return { spread: 'rows', dims: [block, outer, 1], columns: block };
  let columns = Math.min(block, longest);
  while (block % columns !== 0) columns -= 1;
  return { spread: 'blocks', dims: [columns, block / columns, outer], columns };
}
