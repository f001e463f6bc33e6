import { FileError } from '../base/errors';
import { show } from '../base/shape';
import type { Params, Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';
import { isRecord, type Json } from './json';

/** A tree of plain data as files hold it: its structure as JSON, and its tensors by name. */
export interface SavedTree {
  readonly structure: Coded;
  readonly tensors: Params;
}

/**
 * One place of a tree in JSON. Records are lists of entries, so that no key is special and their order stays; a tensor
 * is its name; numbers that JSON has not are words.
 */
type Coded =
  | null
  | boolean
  | number
  | string
  | { readonly number: string }
  | { readonly tensor: string }
  | { readonly list: readonly Coded[] }
  | { readonly record: readonly (readonly [string, Coded])[] };

/**
 * Take a tree apart. Each tensor is named by its place, `/mean/layer.weight`, with `~1` for a slash in a key and `~0` for
 * a tilde (a JSON pointer, RFC 6901), so that no two places share a name.
 * @throws FileError `checkpoint/plain-data` at the first place that holds no tensor, number, string, boolean, null, list or plain record
 */
export function saveTree(tree: unknown): SavedTree {
  const tensors: [string, Tensor][] = [];
  const encode = (branch: unknown, place: readonly string[]): Coded => {
    if (isTensor(branch)) {
      const name = place.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
      tensors.push([name, branch]);
      return { tensor: name };
    }
    if (branch === null || typeof branch === 'boolean' || typeof branch === 'string') return branch;
    if (typeof branch === 'number') return isOdd(branch) ? { number: wordOf(branch) } : branch;
    if (typeof branch !== 'object' || place.length >= deepest) throw notPlain(place, branch);
    if (Array.isArray(branch)) {
      // Array.from meets the holes of a list, which map would leave out.
      const list = Array.from(branch, (each, i) => encode(each, [...place, String(i)]));
      if (Object.keys(branch).length > list.length) throw notPlain(place, branch, 'a list with names');
      return { list };
    }
    if (Object.getOwnPropertySymbols(branch).length > 0) throw notPlain(place, branch, 'a record with symbols');
    const prototype: unknown = Object.getPrototypeOf(branch);
    if (prototype !== Object.prototype && prototype !== null) throw notPlain(place, branch);
    return { record: Object.entries(branch).map(([key, each]) => [key, encode(each, [...place, key])] as const) };
  };
  const structure = encode(tree, []);
  return { structure, tensors: Object.fromEntries(tensors) };
}

/**
 * The tree again. Every tensor must have its place, and every place its tensor.
 * @throws FileError `checkpoint/structure`
 */
export function loadTree(structure: Json, tensors: Params): unknown {
  const placed = new Set<string>();
  const decode = (coded: Json): unknown => {
    if (coded === null || typeof coded !== 'object') return coded;
    if (!isRecord(coded) || coded.size !== 1)
      throw badStructure('a place that is neither a value nor one of its forms');
    const [[form, content]] = [...coded] as [[string, Json]];
    return forms(form, content);
  };
  const forms = (form: string, content: Json): unknown => {
    if (form === 'list' && Array.isArray(content)) return content.map(decode);
    if (form === 'record' && Array.isArray(content)) return Object.fromEntries(content.map(entry));
    if (form === 'number' && typeof content === 'string' && words.includes(content)) return Number(content);
    if (form !== 'tensor' || typeof content !== 'string')
      throw badStructure(`a place of the form ${JSON.stringify(form)}`);
    const tensor = Object.hasOwn(tensors, content) ? tensors[content] : undefined;
    if (tensor === undefined || placed.has(content))
      throw badStructure(`${tensor ? 'two places of' : 'no'} tensor "${content}"`);
    placed.add(content);
    return tensor;
  };
  const entry = (pair: Json): [string, unknown] => {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string')
      throw badStructure('an entry that is no pair');
    return [pair[0], decode(pair[1] as Json)];
  };
  const tree = decode(structure);
  const homeless = Object.keys(tensors).find((name) => !placed.has(name));
  if (homeless !== undefined) throw badStructure(`no place for the tensor "${homeless}"`);
  return tree;
}

/** Place → what is there, `float32 [2, 3]` or `no tensor`, of everything in a tree; empty lists and records too. */
export function outline(tree: unknown): Map<string, string> {
  const { structure, tensors } = saveTree(tree);
  const found = new Map<string, string>();
  const visit = (coded: Coded, place: string): void => {
    const branches = childrenOf(coded);
    if (branches.length > 0) for (const [key, branch] of branches) visit(branch, `${place}[${JSON.stringify(key)}]`);
    else
      found.set(
        place,
        coded !== null && typeof coded === 'object' && 'tensor' in coded
          ? kindOf(tensors[coded.tensor] as Tensor)
          : 'no tensor',
      );
  };
  visit(structure, '');
  return found;
}

export const kindOf = ({ dtype, shape }: Tensor): string => `${dtype} ${show(shape)}`;

function childrenOf(coded: Coded): readonly (readonly [string | number, Coded])[] {
  if (coded === null || typeof coded !== 'object') return [];
  if ('record' in coded) return coded.record;
  return 'list' in coded ? [...coded.list.entries()] : [];
}

/** Levels of a state; `json.ts` reads three levels of JSON for each. */
const deepest = 100;

const words = ['NaN', 'Infinity', '-Infinity', '-0'];
const isOdd = (x: number): boolean => !Number.isFinite(x) || Object.is(x, -0);
const wordOf = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));

function notPlain(
  place: readonly string[],
  found: unknown,
  what = typeof found === 'object' ? `a ${found?.constructor?.name ?? 'record'}` : `a ${typeof found}`,
): FileError {
  return new FileError({
    code: 'checkpoint/plain-data',
    got: `a state has ${place.length >= deepest ? `more than ${deepest} levels` : what} at "${place.slice(0, 8).join('/')}"`,
    expected: 'tensors, numbers, strings, booleans and null in lists and plain records',
    fix: 'keep everything else out of the state: what it is made of, not objects and functions',
  });
}

function badStructure(what: string): FileError {
  return new FileError({
    code: 'checkpoint/structure',
    got: `a checkpoint has ${what}`,
    expected: 'the structure of a state and exactly its tensors',
    fix: 'use files of one checkpoint, unchanged',
  });
}
