import { fillRow } from '../../base/distribution';
import { sizeOf } from '../../base/shape';
import type { Random, RandomMatrix, Storage } from '../contract';
import { multiply } from './products/multiply';
import { type Factor, factor } from './products/product';
import { type GpuRunner, operandOf } from './runner';

/** Numbers of a block (4 MiB): a matrix that is larger never exists as a whole, neither on the CPU nor on the device. */
const blockSize = 2 ** 20;

/** The numbers of the CPU, generated there and brought over in blocks. */
export const random = (on: GpuRunner) =>
  ({
    random(kind, key, shape) {
      const out = new Float32Array(sizeOf(shape));
      const columns = shape.at(-1) ?? 1;
      for (let from = 0, row = 0; from < out.length; from += columns, row++) {
        fillRow(kind, key, row, 0, out.subarray(from, from + columns));
      }
      return on.host(out);
    },
    matmulRandom(x, a, side, transpose) {
      const [height, width] = x.shape as readonly [number, number];
      const along = (side === 'right') === transpose; // sums run along the rows of A
      const lanes = along ? a.rows : a.columns;
      const [m, k, n] = side === 'right' ? [height, width, lanes] : [lanes, height, width];
      return overBlocks(
        on,
        [m, k, n],
        lanes,
        (from, count) => {
          const given = { ...factor(x, height, width, false, 0), from };
          const made = block(on, a, along, from, count, transpose);
          return side === 'right' ? [given, made] : [made, given];
        },
        ([left, right]) => (side === 'right' ? [right] : [left]),
      );
    },
    randomCross(a, b) {
      const lanes = Math.max(a.rows, b.rows);
      return overBlocks(
        on,
        [a.rows, a.columns, b.rows],
        lanes,
        (from, count) => [block(on, a, true, from, count, false), block(on, b, true, from, count, true)],
        (made) => made,
      );
    },
  }) satisfies Required<Random>;

/** A product whose sums run over blocks of at most `blockSize` generated numbers, `lanes` for each term. */
function overBlocks(
  on: GpuRunner,
  [m, k, n]: readonly [number, number, number],
  lanes: number,
  factors: (from: number, count: number) => readonly [Factor, Factor],
  generated: (factors: readonly [Factor, Factor]) => readonly Factor[],
): Storage {
  if (m * k * n === 0) return on.host(new Float32Array(m * n));
  const longest = Math.max(4, 4 * Math.floor(blockSize / lanes / 4)); // whole fours suit the kernels
  let sum: Storage | null = null;
  for (let from = 0; from < k; from += longest) {
    const count = Math.min(longest, k - from);
    const both = factors(from, count);
    const start = sum === null ? null : operandOf(sum, [m, n]);
    const next: Storage = multiply(on, { a: both[0], b: both[1], m, k: count, n, batch: 1, start });
    on.free(...generated(both).map(({ operand }) => operand.storage));
    if (sum !== null) on.free(sum);
    sum = next;
  }
  return sum as Storage;
}

/** `count` columns or rows of A from `from` on; generated when the queue gets there. */
function block(
  on: GpuRunner,
  { kind, key, rows, columns, scale }: RandomMatrix,
  along: boolean,
  from: number,
  count: number,
  transpose: boolean,
): Factor {
  const [height, width] = along ? [rows, count] : [count, columns];
  const storage = on.compute([], [width, height, 1], () => {
    const values = new Float32Array(height * width);
    for (let row = 0; row < height; row++) {
      const out = values.subarray(row * width, (row + 1) * width);
      fillRow(kind, key, along ? row : from + row, along ? from : 0, out);
    }
    const factorOfAll = Math.fround(scale);
    for (let i = 0; i < values.length; i++) (values[i] as number) *= factorOfAll;
    return on.device.upload(values, [width, height, 1]);
  });
  return factor(operandOf(storage), height, width, transpose, 0);
}
