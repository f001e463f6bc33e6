import { fillRow } from '../../base/distribution';
import { allocate } from '../../base/dtype';
import { sizeOf } from '../../base/shape';
import type { Operand, Random, RandomMatrix } from '../contract';
import { type ReferenceDevice, ReferenceStorage } from './device';
import { products } from './products';

/** Random numbers, and products with matrices of them. */
export const random = (device: ReferenceDevice) => {
  const { matmul } = products(device);
  return {
    random(kind, key, shape) {
      const columns = shape.at(-1) ?? 1;
      const out = allocate('float32', sizeOf(shape));
      for (let row = 0; row * columns < out.length; row++) {
        fillRow(kind, key, row, 0, out.subarray(row * columns, (row + 1) * columns));
      }
      return device.made(out);
    },
    matmulRandom(x, a, side, transpose) {
      const stored = materialize(a);
      const [rows, columns] = transpose ? [a.columns, a.rows] : [a.rows, a.columns];
      return side === 'right'
        ? matmul(x, stored, false, transpose, [x.shape[0] as number, columns], null)
        : matmul(stored, x, transpose, false, [rows, x.shape[1] as number], null);
    },
    randomCross(a, b) {
      return matmul(materialize(a), materialize(b), false, true, [a.rows, b.rows], null);
    },
  } satisfies Required<Random>;
};

/** The oracle may form A; the others generate it inside the product. */
function materialize({ kind, key, rows, columns, scale }: RandomMatrix): Operand {
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) fillRow(kind, key, row, 0, values.subarray(row * columns, (row + 1) * columns));
  for (let i = 0; i < values.length; i++) (values[i] as number) *= Math.fround(scale);
  return { storage: new ReferenceStorage(values), shape: [rows, columns], dtype: 'float32' };
}
