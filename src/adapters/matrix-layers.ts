import type { Adaptable } from '../nn/adapter';
import { Embedding } from '../nn/layers/embedding';

/** Why the input of a layer does not go through a weight [out, in], or null where it does. */
export function notAMatrix(layer: Adaptable): string | null {
  if (layer instanceof Embedding) return 'an embedding, whose input is ids';
  return layer.weight.ndim === 2 ? null : 'a layer whose weight is not a matrix [out, in]';
}
