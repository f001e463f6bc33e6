import { type Key, keyKind } from '../../../base/key';
import { checkArgument, number, refuseExtra } from '../../../base/options';
import { checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { cast } from '../elementwise/cast';
import { greaterEqual } from '../elementwise/compare';
import { mul } from '../elementwise/mul';
import { random } from './random';

const rateKind = number({ low: 0, high: 1 });

/** Zero each element with probability `rate` and scale the others by 1/(1 − rate), so that the mean stays. */
export function dropout(x: Tensor, rate: number, key: Key): Tensor {
  if (arguments.length > 3) refuseExtra('dropout', arguments, 3);
  checkFloat('dropout', x);
  checkArgument('dropout', 'rate', rateKind, rate);
  checkArgument('dropout', 'key', keyKind, key);
  if (rate === 0) return x;
  const kept = cast(greaterEqual(random.uniform(key, x.shape), rate), 'float32');
  return rate === 1 ? mul(x, 0) : mul(x, mul(kept, 1 / (1 - rate)));
}
