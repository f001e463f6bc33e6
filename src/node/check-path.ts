import { checkArgument, kindOf, refuseExtra } from '../base/options';

const pathKind = kindOf<string>('a path', (value) => typeof value === 'string' && value !== '');

/** The first argument of a function that reads or writes files, and how many it may have. @throws OptionError `options/type` */
export function checkPath(where: string, name: string, path: string, given: ArrayLike<unknown>, most: number): void {
  if (given.length > most) refuseExtra(where, given, most);
  checkArgument(where, name, pathKind, path);
}
