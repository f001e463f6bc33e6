import { allocate } from '../../base/dtype';
import { sizeOf, stridesOf } from '../../base/shape';
import type { Movement } from '../contract';
import { type ReferenceDevice, valuesOf } from './device';
import { checkedIds } from './ids';
import { locate } from './places';

/** Elements to other places, one at a time. */
export const movement = (device: ReferenceDevice) =>
  ({
    gather(table, ids) {
      const [rows, ...rest] = table.shape as [number, ...number[]];
      const width = sizeOf(rest);
      const picked = checkedIds('gather', ids, rows);
      const out = allocate(table.dtype, picked.length * width);
      picked.forEach((id, i) => void out.set(valuesOf(table).subarray(id * width, (id + 1) * width), i * width));
      return device.made(out);
    },
    scatterAdd(g, ids, rows) {
      const width = sizeOf(g.shape.slice(ids.shape.length));
      const [gs, sums] = [valuesOf(g), new Float64Array(rows * width)];
      valuesOf(ids).forEach((id, i) => {
        for (let j = 0; j < width; j++) (sums[id * width + j] as number) += gs[i * width + j] as number;
      });
      return device.made(Float32Array.from(sums));
    },
    strided(x, shape, strides, offset) {
      const [values, out] = [valuesOf(x), allocate(x.dtype, sizeOf(shape))];
      const at = locate(shape, strides);
      for (let i = 0; i < out.length; i++) out[i] = values[offset + at(i)] as number;
      return device.made(out);
    },
    stridedAdd(x, size, strides, offset) {
      const [values, sums] = [valuesOf(x), new Float64Array(size)];
      const at = locate(x.shape, strides);
      for (let i = 0; i < values.length; i++) (sums[offset + at(i)] as number) += values[i] as number;
      return device.made(Float32Array.from(sums));
    },
    pad(x, before, shape, value) {
      const [values, out] = [valuesOf(x), allocate(x.dtype, sizeOf(shape)).fill(value)];
      const strides = stridesOf(shape);
      const at = locate(x.shape, strides);
      const origin = before.reduce((sum, skip, axis) => sum + skip * (strides[axis] as number), 0);
      for (let i = 0; i < values.length; i++) out[origin + at(i)] = values[i] as number;
      return device.made(out);
    },
    concat(parts, outer) {
      const total = parts.reduce((sum, part) => sum + sizeOf(part.shape), 0);
      const out = allocate(parts[0]?.dtype ?? 'float32', total);
      let at = 0;
      for (let o = 0; o < outer; o++) {
        for (const part of parts) {
          const run = sizeOf(part.shape) / outer; // lengthᵢ·inner elements
          out.set(valuesOf(part).subarray(o * run, (o + 1) * run), at);
          at += run;
        }
      }
      return device.made(out);
    },
  }) satisfies Required<Movement>;
