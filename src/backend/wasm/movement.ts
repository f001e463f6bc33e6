import { type Shape, sizeOf, stridesOf } from '../../base/shape';
import type { Movement } from '../contract';
import { append, forOuter, simplify } from '../layout';
import type { WasmDevice } from './device';
import type { Kernels } from './generated/kernels';
import { checkIds } from './ids';

/** Copies by the kernels for three axes at a time; `layout.ts` makes few axes of many. */
export const movement = (device: WasmDevice) =>
  ({
    gather(table, ids) {
      const { heap } = device;
      const rows = table.shape[0] as number;
      const width = sizeOf(table.shape.slice(1));
      checkIds(device, 'gather', ids, rows);
      heap.need(table.storage);
      const out = heap.make(table.dtype, ids.storage.size * width);
      device.run((kernels, at) => {
        kernels.gather(at(table.storage), at(ids.storage), at(out), ids.storage.size, width);
      });
      return out;
    },
    scatterAdd(g, ids, rows) {
      const { heap } = device;
      const width = sizeOf(g.shape.slice(ids.shape.length));
      heap.need(g.storage);
      heap.need(ids.storage);
      const out = heap.make('float32', rows * width);
      device.run((kernels, at) => {
        kernels.scatterAdd(at(g.storage), at(ids.storage), at(out), ids.storage.size, width, rows);
      });
      return out;
    },
    strided(x, shape, strides, offset) {
      device.heap.need(x.storage);
      const result = device.heap.make(x.dtype, sizeOf(shape));
      device.run((kernels, at) => {
        move(kernels, at(x.storage) + 4 * offset, strides, at(result), stridesOf(shape), shape);
      });
      return result;
    },
    stridedAdd(x, size, strides, offset) {
      const { heap } = device;
      heap.need(x.storage);
      const result = heap.make('float32', size);
      device.run((kernels, at) => {
        const [from, out] = [at(x.storage), at(result)];
        heap.floats.fill(0, out / 4, out / 4 + size);
        if (x.storage.size === 0) return;
        const walk = simplify(x.shape, [stridesOf(x.shape), strides], 3);
        const [d0, d1, d2] = walk.extents.slice(-3) as Three;
        const [[s0, s1], [t0, t1, t2]] = walk.strides.map((of) => of.slice(-3)) as [Three, Three];
        forOuter(walk, 3, ([i = 0, o = 0]) => {
          kernels.moveAdd(from + 4 * i, out + 4 * (offset + o), d0, d1, d2, s0, s1, t0, t1, t2);
        });
      });
      return result;
    },
    pad(x, before, shape, value) {
      const { heap } = device;
      heap.need(x.storage);
      const result = heap.make(x.dtype, sizeOf(shape));
      const strides = stridesOf(shape);
      const origin = before.reduce((sum, skip, axis) => sum + skip * (strides[axis] as number), 0);
      device.run((kernels, at) => {
        const out = at(result);
        (x.dtype === 'float32' ? heap.floats : heap.ints).fill(value, out / 4, out / 4 + result.size);
        move(kernels, at(x.storage), stridesOf(x.shape), out + 4 * origin, strides, x.shape);
      });
      return result;
    },
    concat(parts, outer) {
      const { heap } = device;
      for (const { storage } of parts) heap.need(storage);
      const total = parts.reduce((sum, part) => sum + part.storage.size, 0);
      const result = heap.make(parts[0]?.dtype ?? 'float32', total);
      device.run((kernels, at) => {
        let out = at(result);
        for (const { storage } of parts) {
          const run = storage.size / outer;
          kernels.move(at(storage), out, 1, outer, run, 0, run, 1, 0, total / outer);
          out += 4 * run;
        }
      });
      return result;
    },
  }) satisfies Movement;

type Three = [number, number, number];

/** Copy `shape` between two arrays with strides s and t; the kernel does the last three axes. */
function move(
  kernels: Kernels,
  from: number,
  s: readonly number[],
  to: number,
  t: readonly number[],
  shape: Shape,
): void {
  if (sizeOf(shape) === 0) return;
  const walk = simplify(shape, [s, t], 3);
  if (walk.strides[1]?.at(-1) !== 1) append(walk); // the kernel writes runs of neighbours
  const [d0, d1, d2] = walk.extents.slice(-3) as Three;
  const [[s0, s1, s2], [t0, t1]] = walk.strides.map((of) => of.slice(-3)) as [Three, Three];
  forOuter(walk, 3, ([i = 0, o = 0]) => {
    kernels.move(from + 4 * i, to + 4 * o, d0, d1, d2, s0, s1, s2, t0, t1);
  });
}
