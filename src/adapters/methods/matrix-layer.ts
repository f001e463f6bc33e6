import type { Adaptable } from '../../nn/adapter';
import { Embedding } from '../../nn/layers/embedding';

/** Why a method for weights [out, in] that take inputs [..., in] leaves a layer alone, or null. */
export function notAMatrixLayer(layer: Adaptable): string | null {
  if (layer instanceof Embedding) return 'an embedding, whose inputs are ids';
  return layer.weight.ndim === 2 ? null : 'not a layer with a matrix [out, in]';
}
