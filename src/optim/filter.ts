import { callable, checkArgument, type Kind, kindOf } from '../base/options';
import type { Tensor } from '../tensor/tensor';

/** `true` for a parameter that a method treats as its matrices, or the reason why this one stays dense. */
export type Filter = (path: string, tensor: Tensor) => true | string;

/** What a filter is; its answers are checked where it is asked. */
export const filterKind: Kind<Filter> = callable('of a path and a tensor that returns true or the reason why not');

/** Whether a filter lets a parameter through. @throws OptionError `options/type` for an answer that is neither */
export function passes(filter: Filter, path: string, tensor: Tensor): boolean {
  const verdict = filter(path, tensor);
  checkArgument('filter', `the answer for "${path}"`, verdictKind, verdict);
  return verdict === true;
}

const verdictKind = kindOf<true | string>(
  'true, or the reason why this parameter stays dense',
  (value) => value === true || typeof value === 'string',
);
