import { checkArgument, refuseExtra } from '../../base/options';
import { runInScope, thunk } from '../scope';
import { recordOn } from '../tape';

/** Run `fn` without recording it on any tape; a scope as well. */
export function noGrad<T>(fn: () => T): T {
  if (arguments.length > 1) refuseExtra('noGrad', arguments, 1);
  checkArgument('noGrad', 'fn', thunk, fn);
  return recordOn(null, () => runInScope('noGrad', fn));
}
