import { type Key, keyKind } from '../../../base/key';
import { checkArgument, number, refuseExtra } from '../../../base/options';
import { checkShape, type Shape } from '../../../base/shape';
import { runInScope } from '../../scope';
import type { Tensor } from '../../tensor';
import { less } from '../elementwise/compare';
import { random } from './random';

const chanceKind = number({ low: 0, high: 1 });

/**
 * int32 ones with probability p and zeros otherwise, as comparisons give them and `where` takes them. The chance is p up
 * to 2⁻²⁴; 0 and 1 are exact. For a p of each element write `less(random.uniform(key, p.shape), p)`.
 * @example
 * const mask = random.bernoulli(random.key(0), [1000], 0.25);
 * console.log(Math.abs((await mask.cast('float32').mean().item()) - 0.25) < 0.05); // prints true
 */
export function bernoulli(from: Key, shape: Shape, p: number): Tensor {
  if (arguments.length > 3) refuseExtra('random.bernoulli', arguments, 3);
  checkArgument('random.bernoulli', 'key', keyKind, from);
  checkShape('random.bernoulli', shape);
  checkArgument('random.bernoulli', 'p', chanceKind, p);
  // Rounded here, so that no backend compares with more digits than another.
  return runInScope('random.bernoulli', () => less(random.uniform(from, shape), Math.fround(p)));
}
