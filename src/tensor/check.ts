import { isPlainObject } from '../base/options';
import { notATensor, notParams } from './kinds';
import { checkAlive } from './lifetime';
import type { Params, Tensor } from './tensor';
import { isTensor } from './tree';

/**
 * A live tensor as an argument of `where`.
 * @throws OptionError `arguments/tensor`
 * @throws StateError `scope/freed`
 */
export function checkTensor(where: string, x: unknown, or = ''): asserts x is Tensor {
  if (!isTensor(x)) throw notATensor(where, x, or);
  checkAlive(where, x.value);
}

/**
 * A record of live tensors as an argument of `where`; the message names the path that is wrong.
 * @throws OptionError `arguments/params`, `arguments/tensor`
 * @throws StateError `scope/freed`
 */
export function checkParams(where: string, name: string, params: unknown): asserts params is Params {
  if (!isPlainObject(params)) throw notParams(where, name, params);
  for (const [path, x] of Object.entries(params)) checkTensor(`${where} at ${name}["${path}"]`, x);
}
