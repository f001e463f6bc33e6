import type { Tensor } from '../tensor';
import { maximum, minimum } from './maximum';

/** x limited to [low, high], elementwise. */
export function clip(x: Tensor, low: number, high: number): Tensor {
  return minimum(maximum(x, low), high);
}
