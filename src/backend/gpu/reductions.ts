import { isNan } from '../../../kernels/gpujs/nan';
import { quotient, type Way } from '../../../kernels/gpujs/places';
import {
  after,
  firstOf,
  inWhole,
  type Join,
  max,
  merge,
  min,
  type Reducer,
  type Role,
  type ScanForm,
  scanBlock,
  scanSums,
  scan as scanText,
  sum,
  sumSquares,
} from '../../../kernels/gpujs/reductions';
import type { DType } from '../../base/dtype';
import { sizeOf } from '../../base/shape';
import type { Axes, Operand, Reduction, Reductions } from '../contract';
import { checkExact, exact } from './exact';
import type { Dims } from './gpujs';
import { type Argument, flat, type GpuRunner, operandOf, seen } from './runner';
import type { GpuStorage } from './storage';

const plain: Record<Join, Reducer> = { sum, max, min };
const first: Record<Reduction, Reducer> = { sum, sumSquares, max, min };
const empty: Record<Join, number> = { sum: 0, max: -Infinity, min: Infinity };

/** Terms of one block: errors of a sum grow with the terms of a block and the number of blocks. */
const block = 32;

/** Terms are joined in blocks; where a thread would have too many, in several launches. */
export const reductions = (on: GpuRunner) =>
  ({
    reduce(op, x, axes) {
      return join(on, first[op], [x], axes);
    },
    argmax(x, axes) {
      const [outer, length, inner] = axes;
      if (outer * inner === 0) return on.host(new Int32Array(0));
      checkExact(on, `argmax among ${length} elements`, length);
      const best = join(on, max, [x], axes);
      const position = join(on, firstOf, [x, operandOf(best)], axes, 'int32');
      on.free(best);
      return position;
    },
    cumsum(x, axes, reverse) {
      if (sizeOf(axes) === 0) return on.host(new Float32Array(0));
      return scan(on, x, axes, reverse, false);
    },
    /** Sorted lists of indices are merged, two and two, until each row is one list; only their first k places are kept. */
    topK(x, k) {
      const n = x.shape.at(-1) ?? 1;
      const rows = sizeOf(x.shape.slice(0, -1));
      if (rows * k === 0) return [on.host(new Int32Array(0)), on.host(new Int32Array(0))];
      checkExact(on, `topK among ${rows * n} elements`, rows * n);
      if (n === 1) return [on.host(new Int32Array(rows)), on.host(Int32Array.from({ length: rows }, (_, row) => row))];
      const pairUp = (lists: GpuStorage | null, count: number, from: number, span: number): GpuStorage => {
        const to = Math.min(2 * from, k);
        const given = lists === null ? [] : [seen(operandOf(lists), [count * from, rows, 1])];
        return on.launch(
          { source: merge(lists === null), functions: [quotient, isNan, after], flat: true },
          [rows * Math.ceil(count / 2) * to, 1, 1],
          [seen(x, [n, rows, 1]), ...given, n, count, from, span, to],
          'int32',
        );
      };
      let lists = pairUp(null, n, 1, 1);
      for (let span = 2; span < n; span *= 2) {
        const merged = pairUp(lists, Math.ceil(n / span), Math.min(span, k), span);
        on.free(lists);
        lists = merged;
      }
      const whole = on.launch(
        { source: inWhole, functions: [quotient], flat: true },
        [rows * k, 1, 1],
        [flat(operandOf(lists)), k, n],
        'int32',
      );
      return [lists, whole];
    },
  }) satisfies Required<Reductions>;

/**
 * Joins terms over the middle axis of [outer, length, inner] → [outer, inner]; arguments as the reducer's roles say.
 * Where a thread would have too many terms it makes the result of a part, and the parts are joined in turn.
 */
export function join(
  on: GpuRunner,
  reducer: Reducer,
  args: readonly (Operand | number)[],
  [outer, length, inner]: Axes,
  dtype: DType = 'float32',
): GpuStorage {
  if (outer * inner === 0 || length === 0) return on.host(new Float32Array(outer * inner).fill(empty[reducer.join]));
  const chunk = chunkOf(length, outer * inner);
  const parts = Math.ceil(length / chunk);
  const joined = pass(on, reducer, args, [outer, length, inner], chunk, dtype);
  if (parts === 1) return joined;
  const result = join(on, plain[reducer.join], [operandOf(joined)], [1, parts, outer * inner], dtype);
  on.free(joined);
  return result;
}

/** How many terms one thread joins: all of a few, and of many about as many as there are parts. */
function chunkOf(length: number, results: number): number {
  if (length <= (results < 256 ? 1024 : 4096)) return length;
  return Math.min(4096, block * Math.ceil(Math.sqrt(length) / block));
}

/** One launch: [outer, length, inner] → [parts, outer, inner]. */
function pass(
  on: GpuRunner,
  { roles, text, functions }: Reducer,
  args: readonly (Operand | number)[],
  [outer, length, inner]: Axes,
  chunk: number,
  dtype: DType,
): GpuStorage {
  const [size, lines] = [Math.min(block, chunk), outer * inner];
  const parts = Math.ceil(length / chunk);
  const way: Way = Math.max(parts * lines, length) <= exact ? 'flat' : 'grid';
  const views: Record<Exclude<Role, 'number'>, (x: Operand) => Argument> = {
    element: (x) => seen(x, [inner, length, outer]),
    line: (x) => seen(x, [inner, outer, 1]),
    along: flat,
  };
  const given = args.map((arg, i) => (typeof arg === 'number' ? arg : views[roles[i] as Exclude<Role, 'number'>](arg)));
  return on.launch(
    { source: text[way], functions, integers: ['length', 'blocks', 'size'], flat: way === 'flat' },
    way === 'flat' ? [parts * lines, 1, 1] : [inner, outer, parts],
    [...given, inner, lines, length, Math.ceil(chunk / size), size],
    dtype,
  );
}

/** Running sums of numbers or of pairs: sums of blocks, running sums of those in turn, and both added up. */
function scan(on: GpuRunner, x: Operand, [outer, length, inner]: Axes, reverse: boolean, pairs: boolean): GpuStorage {
  const long = pairs ? 2 * length : length;
  const size = outer * long * inner;
  const form: ScanForm = { way: size <= exact ? 'flat' : 'grid', reverse, single: length <= scanBlock, pairs };
  const kernel = { source: scanText(form), functions: [quotient, isNan], flat: form.way === 'flat' };
  const out: Dims = form.way === 'flat' ? [size, 1, 1] : [inner, long, outer];
  const given = seen(x, [inner, long, outer]);
  if (form.single) return on.launch(kernel, out, [given, inner, length, 1]);
  const [blocks, lines] = [Math.ceil(length / scanBlock), outer * inner];
  const sums = on.launch(
    { source: scanSums(pairs), functions: [quotient, isNan], flat: true },
    [2 * blocks * lines, 1, 1],
    [given, inner, lines, length, 1],
  );
  const before = scan(on, operandOf(sums), [1, blocks, lines], reverse, true);
  const result = on.launch(kernel, out, [given, seen(operandOf(before), [lines, 2 * blocks, 1]), inner, length, 1]);
  on.free(sums, before);
  return result;
}
