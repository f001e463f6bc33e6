import { runInScope } from './scope';
import { recordOn } from './tape';

/** Run `fn` without recording it on any tape; a scope as well. */
export function noGrad<T>(fn: () => T): T {
  return recordOn(null, () => runInScope('noGrad', fn));
}
