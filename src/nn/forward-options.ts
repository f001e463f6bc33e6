import { fold, type Key, keyKind } from '../base/key';
import { optional, readOptions, refuseExtra } from '../base/options';
import { checkTensor } from '../tensor/check';

/** Second argument of every `forward`. */
export interface ForwardOptions {
  /**
   * The source of randomness of this pass, which makes it a pass of training: only with one is dropout active and does a
   * batch norm look at the batch.
   */
  readonly key?: Key | undefined;
}

const forwardOptions = { key: optional(keyKind) };

/**
 * Check what `forward` of a layer got: a live tensor and perhaps options, which containers hand to layers that take none,
 * too. Whether the tensor has the right shape is seen by the first op that it meets.
 * @throws OptionError `options/…`, `arguments/…`
 */
export function checkForward(where: string, given: ArrayLike<unknown>): void {
  if (given.length > 2) refuseExtra(where, given, 2);
  checkTensor(where, given[0]);
  if (given[1] !== undefined) readOptions(where, forwardOptions, given[1], 'x');
}

/** The options for one part of a module, with randomness of its own. */
export function forPart({ key }: ForwardOptions, part: string | number): ForwardOptions {
  return key ? { key: fold(key, part) } : {};
}
