import * as kernels from '../../../kernels/gpujs/elementwise';
import { allocate, type DType } from '../../base/dtype';
import { type Shape, sizeOf } from '../../base/shape';
import type { Activation, Binary, Compare, Operand, Storage, Unary } from '../contract';
import { mirrored } from './mirror';
import { flat, type GpuRunner, operandOf } from './runner';
import { broadcast, edges, walk } from './walk';

type Value = Operand | number;

export function unary(on: GpuRunner, op: Unary | Activation, x: Operand): Storage {
  return map(on, kernels.unaries[op], x, 'float32');
}

export function binary(on: GpuRunner, op: Binary | `${Activation}Grad`, a: Value, b: Value, shape: Shape): Storage {
  return zip(on, kernels.binaries[op], a, b, shape, 'float32');
}

export function compare(on: GpuRunner, op: Compare, a: Value, b: Value, shape: Shape): Storage {
  return (
    mirrored(on, [a, b], (reference, [p, q]) => reference.compare(op, p as Value, q as Value, shape)) ??
    zip(on, kernels.binaries[op], a, b, shape, 'int32')
  );
}

export function where(on: GpuRunner, condition: Operand, a: Value, b: Value, shape: Shape): Storage {
  if (sizeOf(shape) === 0) return on.host(new Float32Array(0));
  const given = { condition, a, b };
  return walk(
    on,
    kernels.choice,
    shape,
    Object.entries(given).map(([name, x]) => broadcast(name, x, shape)),
  );
}

export function cast(on: GpuRunner, x: Operand, dtype: DType): Storage {
  return (
    mirrored(on, [x], (reference, [p]) => reference.cast(p as Operand, dtype)) ??
    map(on, x.dtype === 'float32' && dtype === 'int32' ? kernels.whole : kernels.copy, x, dtype)
  );
}

export function axpby(on: GpuRunner, alpha: number, x: Operand, beta: number, y: Operand): Storage {
  if (x.storage.size === 0) return on.host(new Float32Array(0));
  const given = { alpha, x, beta, y };
  return walk(
    on,
    kernels.combination,
    x.shape,
    Object.entries(given).map(([name, value]) => broadcast(name, value, x.shape)),
  );
}

function map(on: GpuRunner, formula: kernels.Formula, x: Operand, dtype: DType): Storage {
  const { size } = x.storage;
  if (size === 0) return on.host(allocate(dtype, 0));
  const kernel = { source: kernels.map(formula), functions: formula.functions ?? [], flat: true };
  return on.launch(kernel, [size, 1, 1], [flat(x), ...(formula.edges ? edges : [])], dtype);
}

function zip(on: GpuRunner, formula: kernels.Formula, a: Value, b: Value, shape: Shape, dtype: DType): Storage {
  if (sizeOf(shape) === 0) return on.host(allocate(dtype, 0));
  if (typeof a !== 'number' || typeof b !== 'number') {
    return walk(on, formula, shape, [broadcast('a', a, shape), broadcast('b', b, shape)], dtype);
  }
  const left = on.host(Float32Array.of(a)); // a kernel reads something
  const made = zip(on, formula, operandOf(left, []), b, shape, dtype);
  on.free(left);
  return made;
}
