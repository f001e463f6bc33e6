import type { Shape } from '../base/shape';
import type { Operand, Storage } from './backend';
import type { GpuRunner } from './gpu-runner';

export function gather(_on: GpuRunner, _table: Operand, _ids: Operand): Storage {
  throw new Error('gpu: gather is not written yet');
}
export function scatterAdd(_on: GpuRunner, _g: Operand, _ids: Operand, _rows: number): Storage {
  throw new Error('gpu: scatterAdd is not written yet');
}
export function strided(
  _on: GpuRunner,
  _x: Operand,
  _shape: Shape,
  _strides: readonly number[],
  _offset: number,
): Storage {
  throw new Error('gpu: strided is not written yet');
}
export function stridedAdd(
  _on: GpuRunner,
  _x: Operand,
  _size: number,
  _strides: readonly number[],
  _offset: number,
): Storage {
  throw new Error('gpu: stridedAdd is not written yet');
}
export function pad(_on: GpuRunner, _x: Operand, _before: readonly number[], _shape: Shape, _value: number): Storage {
  throw new Error('gpu: pad is not written yet');
}
export function concat(_on: GpuRunner, _parts: readonly Operand[], _outer: number): Storage {
  throw new Error('gpu: concat is not written yet');
}
