import { checkNumber } from '../base/errors';
import type { Key } from '../base/key';
import type { Shape } from '../base/shape';
import { noGrad } from '../tensor/no-grad';
import { mul } from '../tensor/ops/mul';
import { random } from '../tensor/ops/random';
import { sub } from '../tensor/ops/sub';
import type { Tensor } from '../tensor/tensor';

/** First values of parameters. */
export const init = {
  /** U(−bound, bound). */
  uniform(key: Key, shape: Shape, bound: number): Tensor {
    return noGrad(() => mul(sub(random.uniform(key, shape), 0.5), 2 * bound));
  },

  /** N(0, std²). */
  normal(key: Key, shape: Shape, std: number): Tensor {
    checkNumber('init.normal', 'std', std, { low: 0 });
    return noGrad(() => mul(random.normal(key, shape), std));
  },
};
