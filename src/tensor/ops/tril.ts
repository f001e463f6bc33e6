import type { Tensor } from '../tensor';
import { fromArray } from './create';
import { mul } from './mul';

/** The lower triangle of the last two axes; zeros above diagonal `k`. */
export function tril(x: Tensor, k = 0): Tensor {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const mask = Float32Array.from({ length: rows * columns }, (_, i) =>
    i % columns <= Math.floor(i / columns) + k ? 1 : 0,
  );
  return mul(x, fromArray(mask, [rows, columns]));
}
