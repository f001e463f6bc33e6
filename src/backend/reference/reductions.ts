import { allocate } from '../../base/dtype';
import { sizeOf } from '../../base/shape';
import type { Reduction, Reductions } from '../contract';
import { type ReferenceDevice, valuesOf } from './device';
import { forRows } from './places';

const joins: Record<Reduction, { start: number; join: (so: number, x: number) => number }> = {
  sum: { start: 0, join: (so, x) => so + x },
  sumSquares: { start: 0, join: (so, x) => so + x * x },
  max: { start: -Infinity, join: Math.max },
  min: { start: Infinity, join: Math.min },
};

/** Along one axis, one element after the other, in float64; what is stored is rounded to float32, and the sum goes on unrounded. */
export const reductions = (device: ReferenceDevice) =>
  ({
    reduce(op, x, [outer, length, inner]) {
      const [values, out] = [valuesOf(x), allocate('float32', outer * inner)];
      const { start, join } = joins[op];
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          let result = start;
          for (let l = 0; l < length; l++) result = join(result, values[(o * length + l) * inner + i] as number);
          out[o * inner + i] = result;
        }
      }
      return device.made(out);
    },
    argmax(x, [outer, length, inner]) {
      const [values, out] = [valuesOf(x), allocate('int32', outer * inner)];
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          const at = (l: number): number => values[(o * length + l) * inner + i] as number;
          let best = 0;
          for (let l = 1; l < length && !Number.isNaN(at(best)); l++) {
            if (at(l) > at(best) || Number.isNaN(at(l))) best = l;
          }
          out[o * inner + i] = best;
        }
      }
      return device.made(out);
    },
    cumsum(x, [outer, length, inner], reverse) {
      const [values, out] = [valuesOf(x), allocate('float32', outer * length * inner)];
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          let sum = 0;
          for (let step = 0; step < length; step++) {
            const l = reverse ? length - 1 - step : step;
            const at = (o * length + l) * inner + i;
            sum += values[at] as number;
            out[at] = sum;
          }
        }
      }
      return device.made(out);
    },
    topK(x, k) {
      const rows = sizeOf(x.shape.slice(0, -1));
      const [indices, positions] = [new Int32Array(rows * k), new Int32Array(rows * k)];
      forRows(x, (row, from, index) => {
        const before = (i: number, j: number): number => {
          const [a, b] = [row[i] as number, row[j] as number];
          if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(b)) - Number(Number.isNaN(a)) || i - j;
          return a === b ? i - j : a > b ? -1 : 1;
        };
        const order = Array.from(row, (_, i) => i).sort(before);
        for (let j = 0; j < k; j++) {
          indices[index * k + j] = order[j] as number;
          positions[index * k + j] = from + (order[j] as number);
        }
      });
      return [device.made(indices), device.made(positions)];
    },
  }) satisfies Required<Reductions>;
