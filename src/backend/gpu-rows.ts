import type { Operand, Storage } from './backend';
import type { GpuRunner } from './gpu-runner';

export function softmax(_on: GpuRunner, _x: Operand): Storage {
  throw new Error('gpu: softmax is not written yet');
}
export function softmaxGrad(_on: GpuRunner, _g: Operand, _y: Operand): Storage {
  throw new Error('gpu: softmaxGrad is not written yet');
}
export function logSoftmax(_on: GpuRunner, _x: Operand): Storage {
  throw new Error('gpu: logSoftmax is not written yet');
}
export function logSoftmaxGrad(_on: GpuRunner, _g: Operand, _y: Operand): Storage {
  throw new Error('gpu: logSoftmaxGrad is not written yet');
}
export function layerNorm(
  _on: GpuRunner,
  _x: Operand,
  _weight: Operand | null,
  _bias: Operand | null,
  _epsilon: number,
): Storage {
  throw new Error('gpu: layerNorm is not written yet');
}
export function layerNormGrad(
  _on: GpuRunner,
  _g: Operand,
  _x: Operand,
  _weight: Operand | null,
  _epsilon: number,
): readonly [Storage, Storage, Storage] {
  throw new Error('gpu: layerNormGrad is not written yet');
}
export function rmsNorm(_on: GpuRunner, _x: Operand, _weight: Operand | null, _epsilon: number): Storage {
  throw new Error('gpu: rmsNorm is not written yet');
}
export function rmsNormGrad(
  _on: GpuRunner,
  _g: Operand,
  _x: Operand,
  _weight: Operand | null,
  _epsilon: number,
): readonly [Storage, Storage] {
  throw new Error('gpu: rmsNormGrad is not written yet');
}
export function crossEntropy(_on: GpuRunner, _logits: Operand, _targets: Operand): Storage {
  throw new Error('gpu: crossEntropy is not written yet');
}
export function crossEntropyGrad(_on: GpuRunner, _g: Operand, _logits: Operand, _targets: Operand): Storage {
  throw new Error('gpu: crossEntropyGrad is not written yet');
}
