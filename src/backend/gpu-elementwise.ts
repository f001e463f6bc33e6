import * as kernels from '../../kernels/gpujs/elementwise';
import type { DType } from '../base/dtype';
import { type Shape, sizeOf } from '../base/shape';
import type { Binary, Compare, Operand, Storage, Unary } from './backend';
import type { GpuKernel } from './gpu-device';
import { flat, type GpuRunner } from './gpu-runner';

const edges = [Number.POSITIVE_INFINITY, Number.NaN];

export function unary(on: GpuRunner, op: Unary, x: Operand): Storage {
  const { size } = x.storage;
  if (size === 0) return on.host(new Float32Array(0));
  const formula: kernels.Formula = kernels.unaries[op];
  return on.launch(kernelOf(kernels.map(formula), formula), [size, 1, 1], [flat(x), ...(formula.edges ? edges : [])]);
}
export function binary(on: GpuRunner, op: Binary, a: Operand | number, b: Operand | number, shape: Shape): Storage {
  const size = sizeOf(shape);
  if (size === 0) return on.host(new Float32Array(0));
  const formula: kernels.Formula = kernels.binaries[op];
  const text = kernels.zip(formula, typeof a === 'number', typeof b === 'number');
  const given = [a, b].map((x) => (typeof x === 'number' ? x : flat(x)));
  return on.launch(kernelOf(text, formula), [size, 1, 1], [...given, ...(formula.edges ? edges : [])]);
}
function kernelOf(source: string, { functions = [] }: kernels.Formula): GpuKernel {
  return { source, functions, flat: true };
}
export function compare(
  _on: GpuRunner,
  _op: Compare,
  _a: Operand | number,
  _b: Operand | number,
  _shape: Shape,
): Storage {
  throw new Error('gpu: compare is not written yet');
}
export function where(
  _on: GpuRunner,
  _condition: Operand,
  _a: Operand | number,
  _b: Operand | number,
  _shape: Shape,
): Storage {
  throw new Error('gpu: where is not written yet');
}
export function cast(_on: GpuRunner, _x: Operand, _dtype: DType): Storage {
  throw new Error('gpu: cast is not written yet');
}
export function axpby(_on: GpuRunner, _alpha: number, _x: Operand, _beta: number, _y: Operand): Storage {
  throw new Error('gpu: axpby is not written yet');
}
