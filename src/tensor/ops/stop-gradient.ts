import { compute } from '../op';
import type { Tensor } from '../tensor';

/** The same values as a constant: no derivative passes through. */
export function stopGradient(x: Tensor): Tensor {
  return compute<1>('stopGradient', [x], x.shape, (backend, [value]) => backend.alias(value.storage));
}
