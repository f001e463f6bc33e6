import { checkNumber } from '../../base/errors';
import type { Key } from '../../base/key';
import type { Tensor } from '../tensor';
import { cast } from './cast';
import { greaterEqual } from './compare';
import { mul } from './mul';
import { random } from './random';

/** Zero each element with probability `rate` and scale the others by 1/(1 − rate), so that the mean stays. */
export function dropout(x: Tensor, rate: number, key: Key): Tensor {
  checkNumber('dropout', 'rate', rate, { low: 0, high: 1 });
  if (rate === 0) return x;
  const kept = cast(greaterEqual(random.uniform(key, x.shape), rate), 'float32');
  return rate === 1 ? mul(x, 0) : mul(x, mul(kept, 1 / (1 - rate)));
}
