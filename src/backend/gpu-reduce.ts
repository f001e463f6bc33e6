import type { Axes, Operand, Reduction, Storage } from './backend';
import type { GpuRunner } from './gpu-runner';

export function reduce(_on: GpuRunner, _op: Reduction, _x: Operand, _axes: Axes): Storage {
  throw new Error('gpu: reduce is not written yet');
}
export function argmax(_on: GpuRunner, _x: Operand, _axes: Axes): Storage {
  throw new Error('gpu: argmax is not written yet');
}
export function cumsum(_on: GpuRunner, _x: Operand, _axes: Axes, _reverse: boolean): Storage {
  throw new Error('gpu: cumsum is not written yet');
}
export function topK(_on: GpuRunner, _x: Operand, _k: number): readonly [Storage, Storage] {
  throw new Error('gpu: topK is not written yet');
}
