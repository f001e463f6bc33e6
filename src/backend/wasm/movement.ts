import { type Shape, sizeOf, stridesOf } from '../../base/shape';
import type { Operand, Storage } from '../contract';
import { append, forOuter, simplify } from '../layout';
import type { WasmDevice } from './device';
import type { Kernels } from './module';

export function strided(
  device: WasmDevice,
  x: Operand,
  shape: Shape,
  strides: readonly number[],
  offset: number,
): Storage {
  device.heap.need(x.storage);
  const result = device.heap.make(x.dtype, sizeOf(shape));
  device.run((kernels, at) => {
    move(kernels, at(x.storage) + 4 * offset, strides, at(result), stridesOf(shape), shape);
  });
  return result;
}

export function stridedAdd(
  device: WasmDevice,
  x: Operand,
  size: number,
  strides: readonly number[],
  offset: number,
): Storage {
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
}

export function pad(device: WasmDevice, x: Operand, before: readonly number[], shape: Shape, value: number): Storage {
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
}

export function concat(device: WasmDevice, parts: readonly Operand[], outer: number): Storage {
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
}

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
