import type { Distribution } from '../base/distribution';
import type { Key } from '../base/key';
import type { Shape } from '../base/shape';
import type { Operand, RandomMatrix, Storage } from './backend';
import type { GpuRunner } from './gpu-runner';

export function matmul(
  _on: GpuRunner,
  _a: Operand,
  _b: Operand,
  _transposeA: boolean,
  _transposeB: boolean,
  _shape: Shape,
  _bias: Operand | null,
): Storage {
  throw new Error('gpu: matmul is not written yet');
}
export function matmulRandom(
  _on: GpuRunner,
  _x: Operand,
  _a: RandomMatrix,
  _side: 'left' | 'right',
  _transpose: boolean,
): Storage {
  throw new Error('gpu: matmulRandom is not written yet');
}
export function randomCross(_on: GpuRunner, _a: RandomMatrix, _b: RandomMatrix): Storage {
  throw new Error('gpu: randomCross is not written yet');
}
export function random(_on: GpuRunner, _kind: Distribution, _key: Key, _shape: Shape): Storage {
  throw new Error('gpu: random is not written yet');
}
