import type { DType } from '../base/dtype';
import type { Shape } from '../base/shape';
import type { Binary, Compare, Operand, Storage, Unary } from './backend';
import type { GpuRunner } from './gpu-runner';

export function unary(_on: GpuRunner, _op: Unary, _x: Operand): Storage {
  throw new Error('gpu: unary is not written yet');
}
export function binary(
  _on: GpuRunner,
  _op: Binary,
  _a: Operand | number,
  _b: Operand | number,
  _shape: Shape,
): Storage {
  throw new Error('gpu: binary is not written yet');
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
