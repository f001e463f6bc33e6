import { fold, type Key, keyKind } from '../base/key';
import { optional, readOptions } from '../base/options';

/** Second argument of every `forward`. */
export interface ForwardOptions {
  /** The source of randomness of this pass. Dropout is active only when there is one. */
  readonly key?: Key | undefined;
}

const forwardOptions = { key: optional(keyKind) };

/** What `forward` of a layer got, checked. @throws OptionError `options/…` */
export function readForward(where: string, options: ForwardOptions): ForwardOptions {
  return readOptions(where, forwardOptions, options);
}

/** The options for one part of a module, with randomness of its own. */
export function forPart({ key }: ForwardOptions, part: string | number): ForwardOptions {
  return key ? { key: fold(key, part) } : {};
}
