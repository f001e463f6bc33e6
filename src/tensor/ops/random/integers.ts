import { allocate } from '../../../base/dtype';
import { OptionError } from '../../../base/errors';
import { type Key, keyKind } from '../../../base/key';
import {
  checkArgument,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
  whole,
} from '../../../base/options';
import { philox } from '../../../base/philox';
import { checkShape, type Shape, sizeOf } from '../../../base/shape';
import type { Tensor } from '../../tensor';
import { fromArray } from '../create';
import { unitOf } from './random';

const integersOptions = {
  /** The least number (default 0). */
  low: optional(whole({ low: -(2 ** 31), high: 2 ** 31 - 1 }), 0),
  /** The number after the largest: it does not occur itself. */
  high: required(whole({ low: 1 - 2 ** 31, high: 2 ** 31 })),
};

/** The range [low, high). */
export interface IntegersOptions extends OptionsOf<typeof integersOptions> {}

/**
 * int32 numbers in [low, high), all with one chance: it is off 1/(high − low) by less than 2⁻⁵².
 * @throws OptionError `random/range` unless low < high
 * @example
 * console.log(random.integers(random.key(0), [8], { high: 6 }).dataSync().every((x) => x >= 0 && x < 6)); // prints true
 */
export function integers(from: Key, shape: Shape, options: IntegersOptions): Tensor {
  if (arguments.length > 3) refuseExtra('random.integers', arguments, 3);
  checkArgument('random.integers', 'key', keyKind, from);
  checkShape('random.integers', shape);
  const { low, high } = readOptions('random.integers', integersOptions, options, 'key, shape');
  if (low >= high) throw emptyRange(low, high);
  const values = allocate('int32', sizeOf(shape), 'random.integers');
  for (let i = 0; i < values.length; i++) {
    philox(from, i, 0, 0, integerStream, words);
    values[i] = low + Math.floor(unitOf(words) * (high - low));
  }
  return fromArray(values, shape);
}

const words = new Uint32Array(4);

/** Keeps these numbers apart from the other uses of one key. */
const integerStream = 4;

function emptyRange(low: number, high: number): OptionError {
  return new OptionError({
    code: 'random/range',
    got: `random.integers got low = ${low} and high = ${high}`,
    expected: 'low < high: high itself is not drawn',
    fix: `pass { low: ${low}, high: ${low + 1} } for ${low} alone`,
  });
}
