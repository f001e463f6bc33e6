import { checkNumber } from '../base/errors';
import { mul } from '../tensor/ops/mul';
import { stateless } from './stateless';
import type { GradientTransform } from './transform';

/** factor·u; a descent step has a negative factor. */
export function scale(factor: number): GradientTransform<readonly []> {
  checkNumber('scale', 'factor', factor);
  return stateless('scale', (u) => mul(u, factor), { linear: true });
}
