import type { AttentionShape } from './attention-layout';
import type { Operand, Storage } from './backend';
import type { GpuRunner } from './gpu-runner';

export function attention(
  _on: GpuRunner,
  _q: Operand,
  _k: Operand,
  _v: Operand,
  _shape: AttentionShape,
  _scale: number,
  _causal: boolean,
): readonly [Storage, Storage] {
  throw new Error('gpu: attention is not written yet');
}
export function attentionGrad(
  _on: GpuRunner,
  _g: Operand,
  _q: Operand,
  _k: Operand,
  _v: Operand,
  _out: Operand,
  _normalizers: Operand,
  _shape: AttentionShape,
  _scale: number,
  _causal: boolean,
): readonly Storage[] {
  throw new Error('gpu: attentionGrad is not written yet');
}
