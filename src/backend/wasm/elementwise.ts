import type { DType } from '../../base/dtype';
import { broadcastStrides, type Shape, sizeOf, stridesOf } from '../../base/shape';
import type { Activation, Binary, Compare, Elementwise, Operand, Unary } from '../contract';
import { append, forOuter, simplify } from '../layout';
import type { WasmDevice } from './device';
import type { At } from './heap';
import type { WasmStorage } from './storage';

type Value = Operand | number;
/** Kernels (x, out, n). */
type MapKernel = Unary | Activation;
/** Kernels (a, aRow, aOne, b, bRow, bOne, out, rows, n). */
type ZipKernel = Binary | `${Activation}Grad` | Compare | `${Compare}Int`;

/** Time that a cheap function takes for an element, from memory to memory. */
const nanosecondsPerElement = 0.4;

/** Four lanes at a time; broadcasts are rows of a kernel, with a loop around it for what has more axes. */
export const elementwise = (device: WasmDevice) => {
  /** A result like x from a kernel of one operand. */
  const map = (name: MapKernel, x: Operand): WasmStorage => {
    const { heap } = device;
    heap.need(x.storage);
    const result = heap.make('float32', x.storage.size);
    device.spread(result.size, 16, result.size * 1.5, (kernels, at, from, to) => {
      kernels[name](at(x.storage) + 4 * from, at(result) + 4 * from, to - from);
    });
    return result;
  };
  const cast = (x: Operand, dtype: DType): WasmStorage => {
    const { size } = x.storage;
    device.heap.need(x.storage);
    const result = device.heap.make(dtype, size);
    device.run((kernels, at) => {
      if (x.dtype === dtype) kernels.move(at(x.storage), at(result), 1, 1, size, 0, 0, 1, 0, 0);
      else kernels[dtype === 'int32' ? 'toInt' : 'toFloat'](at(x.storage), at(result), size);
    });
    return result;
  };
  return {
    unary: map,
    activation: map,
    cast,
    binary: (op, a, b, shape) => zip(device, op, 'float32', 'float32', a, b, shape),
    /**
     * int32 operands are compared as integers. With a number that is no int32 (a fraction, infinity) they are compared as
     * float32, since rounding keeps their order with respect to such a number.
     */
    compare(op, a, b, shape) {
      const operand = typeof a === 'number' ? b : a;
      if (typeof operand === 'number' || operand.dtype === 'float32') {
        return zip(device, op, 'float32', 'int32', a, b, shape);
      }
      const number = typeof a === 'number' ? a : typeof b === 'number' ? b : 0;
      if (Math.fround(number) === (Math.fround(number) | 0)) {
        return zip(device, `${op}Int`, 'int32', 'int32', a, b, shape);
      }
      const rounded = { storage: cast(operand, 'float32'), shape: operand.shape, dtype: 'float32' } as const;
      const [p, q] = typeof a === 'number' ? [a, rounded] : [rounded, number];
      try {
        return zip(device, op, 'float32', 'int32', p, q, shape);
      } finally {
        device.heap.free(rounded.storage); // also when memory is full
      }
    },
    /** As `zip`, with three operands. */
    where(condition, a, b, shape) {
      for (const value of [condition, a, b]) need(device, value);
      const result = device.heap.make('float32', sizeOf(shape));
      if (result.size === 0) return result;
      const walk = simplify(shape, [...[condition, a, b].map((x) => stridesIn(x, shape)), stridesOf(shape)], 2);
      const [rows, columns] = walk.extents.slice(-2) as [number, number];
      const [rowC, rowA, rowB] = walk.strides.map((of) => 4 * lastStride(of, 2)) as [number, number, number];
      const [oneC, oneA, oneB] = walk.strides.map((of) => 1 - lastStride(of, 1)) as [number, number, number];
      const one = oneC + 2 * oneA + 4 * oneB;
      device.run((kernels, at) => {
        const [c, out] = [at(condition.storage), at(result)];
        const [p, q] = [addressOf(device, at, a, 0, 'float32'), addressOf(device, at, b, 1, 'float32')];
        forOuter(walk, 2, ([i = 0, j = 0, l = 0, o = 0]) => {
          kernels.where(c + 4 * i, rowC, p + 4 * j, rowA, q + 4 * l, rowB, one, out + 4 * o, rows, columns);
        });
      });
      return result;
    },
    /** What is rare has no kernel: a loop in JavaScript over the same memory, on this thread. */
    map({ of, dtype }, [x, y = x], shape) {
      const { heap } = device;
      need(device, x);
      need(device, y);
      const result = heap.make(dtype, sizeOf(shape));
      if (result.size === 0) return result;
      const walk = simplify(shape, [stridesIn(x, shape), stridesIn(y, shape), stridesOf(shape)], 1);
      const columns = walk.extents.at(-1) as number;
      const [stepX, stepY] = [lastStride(walk.strides[0], 1), lastStride(walk.strides[1], 1)];
      device.run((_, at) => {
        const values = dtype === 'float32' ? heap.floats : heap.ints;
        const [p, q, out] = [at(x.storage) / 4, at(y.storage) / 4, at(result) / 4];
        forOuter(walk, 1, ([i = 0, j = 0, o = 0]) => {
          for (let k = 0; k < columns; k++) {
            values[out + o + k] = of(values[p + i + k * stepX] as number, values[q + j + k * stepY] as number);
          }
        });
      });
      return result;
    },
    activationGrad: (op, g, x) => zip(device, `${op}Grad`, 'float32', 'float32', g, x, x.shape),
    axpby(alpha, x, beta, y) {
      const { heap } = device;
      heap.need(x.storage);
      heap.need(y.storage);
      const result = heap.make('float32', x.storage.size);
      device.spread(result.size, 16, result.size * nanosecondsPerElement, (kernels, at, from, to) => {
        const [p, q, out] = [at(x.storage) + 4 * from, at(y.storage) + 4 * from, at(result) + 4 * from];
        kernels.axpby(alpha, p, beta, q, out, to - from);
      });
      return result;
    },
  } satisfies Required<Elementwise>;
};

/**
 * out = kernel(a, b) over the broadcast shape; `dtype` is that of the operands, `resultType` that of the result. A kernel
 * takes rows, in which each operand is either dense or one element repeated; that covers the usual cases in one call,
 * and any other broadcast with a loop around it.
 */
function zip(
  device: WasmDevice,
  name: ZipKernel,
  dtype: DType,
  resultType: DType,
  a: Value,
  b: Value,
  shape: Shape,
): WasmStorage {
  need(device, a);
  need(device, b);
  const size = sizeOf(shape);
  const result = device.heap.make(resultType, size);
  const sizeA = typeof a === 'number' ? 1 : a.storage.size;
  const sizeB = typeof b === 'number' ? 1 : b.storage.size;
  const columns = shape.length > 0 ? (shape[shape.length - 1] as number) : 1;
  const work = size * nanosecondsPerElement;
  if ((sizeA === size && (sizeB === size || sizeB === 1)) || (sizeA === 1 && sizeB === size)) {
    const [oneA, oneB] = [sizeA === size ? 0 : 1, sizeB === size ? 0 : 1];
    device.spread(size, 16, work, (kernels, at, from, to) => {
      const x = addressOf(device, at, a, 0, dtype) + (oneA ? 0 : 4 * from);
      const y = addressOf(device, at, b, 1, dtype) + (oneB ? 0 : 4 * from);
      kernels[name](x, 0, oneA, y, 0, oneB, at(result) + 4 * from, 1, to - from);
    });
  } else if (sizeA === size && isRow(b, columns)) {
    device.spread(size / columns, 1, work, (kernels, at, from, to) => {
      const skip = 4 * from * columns;
      const [x, y] = [addressOf(device, at, a, 0, dtype) + skip, addressOf(device, at, b, 1, dtype)];
      kernels[name](x, 4 * columns, 0, y, 0, 0, at(result) + skip, to - from, columns);
    });
  } else if (size > 0) {
    device.run((_, at) => {
      const [p, q] = [addressOf(device, at, a, 0, dtype), addressOf(device, at, b, 1, dtype)];
      zipBroadcast(device, name, p, stridesIn(a, shape), q, stridesIn(b, shape), at(result), shape);
    });
  }
  return result;
}

/** [n] or [1, …, n] against [..., n]. */
function isRow(x: Value, columns: number): boolean {
  return typeof x !== 'number' && x.storage.size === columns && x.shape[x.shape.length - 1] === columns;
}

function zipBroadcast(
  device: WasmDevice,
  name: ZipKernel,
  p: number,
  stridesA: readonly number[],
  q: number,
  stridesB: readonly number[],
  out: number,
  shape: Shape,
): void {
  const walk = simplify(shape, [stridesA, stridesB, stridesOf(shape)], 2);
  if (lastStride(walk.strides[0], 1) === 0 && lastStride(walk.strides[1], 1) === 0) append(walk); // rows of one column
  const [rows, columns] = walk.extents.slice(-2) as [number, number];
  const [rowA, rowB] = walk.strides.map((of) => 4 * lastStride(of, 2)) as [number, number];
  const [oneA, oneB] = walk.strides.map((of) => 1 - lastStride(of, 1)) as [number, number];
  forOuter(walk, 2, ([a = 0, b = 0, o = 0]) => {
    device.spread(rows, 1, rows * columns * nanosecondsPerElement, (kernels, _, from, to) => {
      const [x, y, z] = [p + 4 * a + from * rowA, q + 4 * b + from * rowB, out + 4 * (o + from * columns)];
      kernels[name](x, rowA, oneA, y, rowB, oneB, z, to - from, columns);
    });
  });
}

function need(device: WasmDevice, x: Value): void {
  if (typeof x !== 'number') device.heap.need(x.storage);
}

/** Where kernels find an operand; a number is written to a slot of its own first. */
function addressOf(device: WasmDevice, at: At, x: Value, slot: number, dtype: DType): number {
  if (typeof x !== 'number') return at(x.storage);
  const address = device.scalars + 4 * slot;
  (dtype === 'float32' ? device.heap.floats : device.heap.ints)[address >>> 2] = Math.fround(x);
  return address;
}

function stridesIn(x: Value, shape: Shape): readonly number[] {
  return broadcastStrides(typeof x === 'number' ? [] : x.shape, shape);
}

function lastStride(of: readonly number[] | undefined, fromEnd: number): number {
  return of?.[of.length - fromEnd] as number;
}
