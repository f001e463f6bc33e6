import { fold, type Key } from '../base/key';

/** Second argument of every `forward`. */
export interface ForwardOptions {
  /** The source of randomness of this pass. Dropout is active only when there is one. */
  readonly key?: Key | undefined;
}

/** The options for one part of a module, with randomness of its own. */
export function forPart({ key }: ForwardOptions, part: string | number): ForwardOptions {
  return key ? { key: fold(key, part) } : {};
}
