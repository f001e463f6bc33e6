import * as kernels from '../../../kernels/gpujs/elementwise';
import { allocate, type DType } from '../../base/dtype';
import { type Shape, sizeOf } from '../../base/shape';
import type { Elementwise, Operand, Storage } from '../contract';
import { mirrored } from './mirror';
import { flat, type GpuRunner, operandOf } from './runner';
import { broadcast, edges, walk } from './walk';

type Value = Operand | number;

/** One element a thread; int32 numbers that the host knows are computed with there. */
export const elementwise = (on: GpuRunner) =>
  ({
    unary(op, x) {
      return map(on, kernels.unaries[op], x, 'float32');
    },
    binary(op, a, b, shape) {
      return zip(on, kernels.binaries[op], a, b, shape, 'float32');
    },
    compare(op, a, b, shape) {
      return (
        mirrored(on, [a, b], (reference, [p, q]) => reference.compare(op, p as Value, q as Value, shape)) ??
        zip(on, kernels.binaries[op], a, b, shape, 'int32')
      );
    },
    where(condition, a, b, shape) {
      if (sizeOf(shape) === 0) return on.host(new Float32Array(0));
      const given = { condition, a, b };
      return walk(
        on,
        kernels.choice,
        shape,
        Object.entries(given).map(([name, x]) => broadcast(name, x, shape)),
      );
    },
    cast(x, dtype) {
      return (
        mirrored(on, [x], (reference, [p]) => reference.cast(p as Operand, dtype)) ??
        map(on, x.dtype === 'float32' && dtype === 'int32' ? kernels.whole : kernels.copy, x, dtype)
      );
    },
    map(f, [x, y], shape) {
      if (sizeOf(shape) === 0) return on.host(allocate(f.dtype, 0));
      const given = y === undefined ? [x] : [x, y];
      const known = mirrored(on, given, (reference, [p, q]) => reference.map(f, [p as Operand, q as Operand], shape));
      const named = given.map((operand, i) => broadcast(i === 0 ? 'a' : 'b', operand, shape));
      return known ?? walk(on, kernels.maps[f.name], shape, named, f.dtype);
    },
    activation: (op, x) => map(on, kernels.unaries[op], x, 'float32'),
    activationGrad: (op, g, x) => zip(on, kernels.binaries[`${op}Grad`], g, x, x.shape, 'float32'),
    axpby(alpha, x, beta, y) {
      if (x.storage.size === 0) return on.host(new Float32Array(0));
      const given = { alpha, x, beta, y };
      return walk(
        on,
        kernels.combination,
        x.shape,
        Object.entries(given).map(([name, value]) => broadcast(name, value, x.shape)),
      );
    },
  }) satisfies Required<Elementwise>;

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
