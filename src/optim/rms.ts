import { sqrt } from '../tensor/ops/sqrt';
import { square } from '../tensor/ops/square';
import { mean } from '../tensor/ops/sum';
import type { Tensor } from '../tensor/tensor';

/** Root of the mean square of all elements. Shapes: any → []. */
export function rms(x: Tensor): Tensor {
  return sqrt(mean(square(x)));
}
