import { FileError } from '../base/errors';
import type { Params } from '../tensor/tensor';
import { kindOf, outline } from './saved-tree';

/** Every difference of names, shapes and dtypes, in one error. @throws FileError `checkpoint/mismatch` */
export function checkLike(parameters: Params, state: unknown, like: { parameters?: Params; state?: unknown }): void {
  const kinds = (params: Params): Map<string, string> =>
    new Map(Object.entries(params).map(([name, tensor]) => [name, kindOf(tensor)]));
  const found = [
    ...(like.parameters ? differences('parameter ', kinds(like.parameters), kinds(parameters)) : []),
    ...(like.state === undefined ? [] : differences('state', outline(like.state), outline(state))),
  ];
  if (found.length === 0) return;
  const more = found.length > 20 ? [`and ${found.length - 20} more`] : [];
  throw new FileError({
    code: 'checkpoint/mismatch',
    got: `a checkpoint has ${[...found.slice(0, 20), ...more].join('; ')}`,
    expected: 'the names, shapes and dtypes of what it is loaded into',
    fix: 'build the model and the transform with the options that they were saved with',
  });
}

function differences(what: string, wanted: ReadonlyMap<string, string>, got: ReadonlyMap<string, string>): string[] {
  const quoted = (place: string): string => (what === 'state' ? `state${place}` : `${what}"${place}"`);
  const missing = [...wanted].filter(([place]) => !got.has(place)).map(([place]) => `no ${quoted(place)}`);
  const unexpected = [...got]
    .filter(([place]) => !wanted.has(place))
    .map(([place]) => `an unexpected ${quoted(place)}`);
  const other = [...got].flatMap(([place, kind]) => {
    const right = wanted.get(place);
    return right === undefined || right === kind ? [] : [`${quoted(place)} ${kind} in place of ${right}`];
  });
  return [...missing, ...unexpected, ...other];
}
