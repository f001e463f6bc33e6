import { allocate } from '../../base/dtype';
import { sizeOf } from '../../base/shape';
import type { Products } from '../contract';
import { type ReferenceDevice, valuesOf } from './device';
import { offsets } from './places';

/**
 * Row by column, one sum for each number of the result. The sum is a number of JavaScript, a float64; storing it in `out`
 * is the only rounding to float32.
 */
export const products = (device: ReferenceDevice) =>
  ({
    matmul(a, b, transposeA, transposeB, shape, bias) {
      const [m, n] = shape.slice(-2) as [number, number];
      const k = a.shape[a.shape.length - (transposeA ? 2 : 1)] as number;
      const batch = shape.slice(0, -2);
      const batchOfA = offsets(a.shape.slice(0, -2), batch);
      const batchOfB = offsets(b.shape.slice(0, -2), batch);
      const [p, q, out] = [valuesOf(a), valuesOf(b), allocate('float32', sizeOf(shape))];
      const start = bias && valuesOf(bias);
      // z: the matrix of the batch, i: the row, j: the column, l: the position along k
      for (let z = 0; z < batchOfA.length; z++) {
        const atA = (batchOfA[z] as number) * m * k;
        const atB = (batchOfB[z] as number) * k * n;
        for (let i = 0; i < m; i++) {
          for (let j = 0; j < n; j++) {
            let sum = start ? (start[j] as number) : 0;
            for (let l = 0; l < k; l++) {
              const left = p[atA + (transposeA ? l * m + i : i * k + l)] as number;
              const right = q[atB + (transposeB ? j * k + l : l * n + j)] as number;
              sum += left * right;
            }
            out[(z * m + i) * n + j] = sum;
          }
        }
      }
      return device.made(out);
    },
    addOnSupport(weight, b, a) {
      const [rank = 0, columns = 0] = a.shape;
      const [left, right] = [valuesOf(b), valuesOf(a)];
      return device.made(
        Float32Array.from(valuesOf(weight), (w, at) => {
          if (w === 0) return 0;
          const [i, j] = [Math.floor(at / columns), at % columns];
          let sum = w;
          for (let l = 0; l < rank; l++) sum += (left[i * rank + l] as number) * (right[l * columns + j] as number);
          return sum;
        }),
      );
    },
  }) satisfies Required<Products>;
