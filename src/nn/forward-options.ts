import { fold, type Key, keyKind } from '../base/key';
import { type Kind, kindOf, optional, readOptions, refuseExtra } from '../base/options';
import { checkTensor } from '../tensor/check';
import { KeyValueCache } from './key-value-cache';

/** Second argument of every `forward`. */
export interface ForwardOptions {
  /**
   * The source of randomness of this pass, which makes it a pass of training: only with one is dropout active and does a
   * batch norm look at the batch.
   */
  readonly key?: Key | undefined;
  /** What attention layers kept of earlier positions: `x` is what comes after them. */
  readonly cache?: KeyValueCache | undefined;
}

const cacheKind: Kind<KeyValueCache> = {
  ...kindOf<KeyValueCache>('a cache', (value) => value instanceof KeyValueCache),
  like: 'model.cache()',
};

const forwardOptions = { key: optional(keyKind), cache: optional(cacheKind) };

/**
 * Check what `forward` of a layer got: live tensors, one for each name in `operands`, and perhaps options, which containers hand to layers that take none,
 * too. Whether the tensor has the right shape is seen by the first op that it meets.
 * @throws OptionError `options/…`, `arguments/…`
 */
export function checkForward(where: string, given: ArrayLike<unknown>, operands: readonly string[] = ['x']): void {
  const { length } = operands;
  if (given.length > length + 1) refuseExtra(where, given, length + 1);
  for (let i = 0; i < length; i++) checkTensor(where, given[i]);
  if (given[length] !== undefined) readOptions(where, forwardOptions, given[length], operands.join(', '));
}

/** The options for one part of a module, with randomness of its own. */
export function forPart({ key, cache }: ForwardOptions, part: string | number): ForwardOptions {
  return { ...(key && { key: fold(key, part) }), ...(cache && { cache }) };
}
