import type { Way } from '../../../kernels/gpujs/places';
import type { RowMap } from '../../../kernels/gpujs/row-map';
import { sizeOf } from '../../base/shape';
import type { Operand } from '../contract';
import { exact } from './exact';
import { type Argument, flat, type GpuRunner, seen } from './runner';
import type { GpuStorage } from './storage';

/** Rows and their length. */
export function extents(x: Operand): readonly [rows: number, n: number] {
  return [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1];
}
/** One launch over the elements of x's shape. */
export function map(
  on: GpuRunner,
  { parts, text, functions }: RowMap,
  x: Operand,
  args: readonly (Operand | number)[],
): GpuStorage {
  const [rows, n] = extents(x);
  if (rows * n === 0) return on.host(new Float32Array(0));
  const way: Way = rows * n <= exact ? 'flat' : 'grid';
  const given = args.map((arg, i): Argument => {
    if (typeof arg === 'number') return arg;
    return parts[i] === 'element' ? seen(arg, [n, rows, 1]) : flat(arg);
  });
  return on.launch(
    { source: text[way], functions, flat: way === 'flat' },
    way === 'flat' ? [rows * n, 1, 1] : [n, rows, 1],
    [...given, n],
  );
}
