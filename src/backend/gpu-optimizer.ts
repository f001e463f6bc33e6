import type { AdamFactors, Operand, Storage } from './backend';
import type { GpuRunner } from './gpu-runner';

export function adam(
  _on: GpuRunner,
  _g: Operand,
  _mean: Operand,
  _square: Operand,
  _factors: AdamFactors,
): readonly [Storage, Storage, Storage] {
  throw new Error('gpu: adam is not written yet');
}
export function rms(
  _on: GpuRunner,
  _g: Operand,
  _square: Operand,
  _beta: number,
  _epsilon: number,
): readonly [Storage, Storage] {
  throw new Error('gpu: rms is not written yet');
}
export function lion(
  _on: GpuRunner,
  _g: Operand,
  _mean: Operand,
  _beta1: number,
  _beta2: number,
): readonly [Storage, Storage] {
  throw new Error('gpu: lion is not written yet');
}
export function squareSums(_on: GpuRunner, _g: Operand): readonly [Storage, Storage] {
  throw new Error('gpu: squareSums is not written yet');
}
export function scaleRowsColumns(_on: GpuRunner, _g: Operand, _row: Operand, _column: Operand): Storage {
  throw new Error('gpu: scaleRowsColumns is not written yet');
}
