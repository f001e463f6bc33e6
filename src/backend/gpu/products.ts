import { biasAlone, onSupport, repeat } from '../../../kernels/gpujs/products';
import { type Distribution, fillRow } from '../../base/distribution';
import type { Key } from '../../base/key';
import { broadcastStrides, type Shape, sizeOf } from '../../base/shape';
import type { Operand, RandomMatrix, Storage } from '../contract';
import { forOuter } from '../layout';
import { multiply } from './products/multiply';
import type { Factor, Product } from './products/product';
import { flat, type GpuRunner, operandOf, seen } from './runner';

export function matmul(
  on: GpuRunner,
  a: Operand,
  b: Operand,
  transposeA: boolean,
  transposeB: boolean,
  shape: Shape,
  bias: Operand | null,
): Storage {
  const [m, n] = [shape.at(-2) as number, shape.at(-1) as number];
  const k = a.shape.at(transposeA ? -2 : -1) as number;
  const shapes = shape.slice(0, -2);
  const batch = sizeOf(shapes);
  if (batch * m * n === 0) return on.host(new Float32Array(0));
  if (k === 0 && bias === null) return on.host(new Float32Array(batch * m * n));
  if (k === 0) return on.launch({ source: biasAlone }, [n, m, batch], [flat(bias as Operand)]);

  const [left, right] = [inBatch(on, a, shapes), inBatch(on, b, shapes)];
  const product: Product = {
    a: factor(left.operand, transposeA ? k : m, transposeA ? m : k, transposeA, left.step),
    b: factor(right.operand, transposeB ? n : k, transposeB ? k : n, transposeB, right.step),
    ...{ m, k, n, batch },
    start: bias,
  };
  const result = multiply(on, asOne(product, on.device.limits.dims[1]));
  on.free(...left.made, ...right.made);
  return result;
}

/** The whole sum first, from which the entries that the weight lacks are left out. */
export function addOnSupport(on: GpuRunner, weight: Operand, b: Operand, a: Operand): Storage {
  const [m, n] = weight.shape as readonly [number, number];
  const k = a.shape[0] as number;
  if (m * n === 0) return on.host(new Float32Array(0));
  if (k === 0) return on.launch({ source: onSupport, flat: true }, [m * n, 1, 1], [flat(weight), flat(weight)]);
  const sum = multiply(on, {
    a: factor(b, m, k, false, 0),
    b: factor(a, k, n, false, 0),
    ...{ m, k, n, batch: 1 },
    start: weight,
  });
  const out = on.launch({ source: onSupport, flat: true }, [m * n, 1, 1], [flat(operandOf(sum)), flat(weight)]);
  on.free(sum);
  return out;
}

function factor(operand: Operand, rows: number, columns: number, transpose: boolean, step: 0 | 1): Factor {
  return { operand, rows, columns, transpose, step, from: 0 };
}

/** One B for a batch of A: the batch is more rows of one product. */
function asOne(product: Product, most: number): Product {
  const { a, b, m, batch } = product;
  const rows = batch * m;
  if (a.transpose || (batch > 1 && a.step === 0) || b.step === 1 || rows > most) return product;
  return { ...product, a: { ...a, rows, step: 0 }, m: rows, batch: 1 };
}

/** Matrices of an operand for each of the batch, or one for all: step 0. In any other case they are copied into order. */
function inBatch(
  on: GpuRunner,
  operand: Operand,
  batch: Shape,
): { operand: Operand; step: 0 | 1; made: readonly Storage[] } {
  const own = operand.shape.slice(0, -2);
  const [count, all] = [sizeOf(own), sizeOf(batch)];
  if (count === 1 || count === all) return { operand, step: count === 1 ? 0 : 1, made: [] };
  const which = new Float32Array(all);
  let next = 0;
  forOuter({ extents: [...batch], strides: [broadcastStrides(own, batch)] }, 0, ([from = 0]) => {
    which[next++] = from;
  });
  const [rows, columns] = operand.shape.slice(-2) as [number, number];
  const order = on.host(which);
  const made = on.launch(
    { source: repeat },
    [columns, rows, all],
    [seen(operand, [columns, rows, count]), flat(operandOf(order))],
  );
  on.free(order);
  return { operand: operandOf(made), step: 1, made: [made] };
}

// --- random matrices: the numbers of the CPU, generated there and brought over in blocks -----------------------------

/** Numbers of a block (4 MiB): a matrix that is larger never exists as a whole, neither there nor here. */
const blockSize = 2 ** 20;

export function matmulRandom(
  on: GpuRunner,
  x: Operand,
  a: RandomMatrix,
  side: 'left' | 'right',
  transpose: boolean,
): Storage {
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
}

export function randomCross(on: GpuRunner, a: RandomMatrix, b: RandomMatrix): Storage {
  const lanes = Math.max(a.rows, b.rows);
  return overBlocks(
    on,
    [a.rows, a.columns, b.rows],
    lanes,
    (from, count) => [block(on, a, true, from, count, false), block(on, b, true, from, count, true)],
    (made) => made,
  );
}

export function random(on: GpuRunner, kind: Distribution, key: Key, shape: Shape): Storage {
  const out = new Float32Array(sizeOf(shape));
  const columns = shape.at(-1) ?? 1;
  for (let from = 0, row = 0; from < out.length; from += columns, row++) {
    fillRow(kind, key, row, 0, out.subarray(from, from + columns));
  }
  return on.host(out);
}

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
