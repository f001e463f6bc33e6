/** A value of JSON, its records as maps, so that no name is special and order is kept. */
export type Json = null | boolean | number | string | readonly Json[] | ReadonlyMap<string, Json>;

/** Why a text is not JSON, and where. */
export class JsonError extends Error {}

/** Deeper than any header or state; a stack is finite. */
const deepest = 512;

/**
 * Read JSON more strictly than `JSON.parse`, which keeps the last of two entries of one name: here that is an error, as
 * two readers of one file may not see two contents. Records become maps, so that "__proto__" is a name like any other.
 * @throws JsonError
 */
export function parseJson(text: string): Json {
  let at = 0;
  const fail = (what: string): never => {
    throw new JsonError(`${what} at character ${at}`);
  };
  const space = /[ \t\n\r]*/y;
  const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return null;
    at = pattern.lastIndex;
    return found[0];
  };
  const next = (character: string): boolean => {
    match(space);
    if (text[at] !== character) return false;
    at++;
    return true;
  };
  const word = <T>(expected: string, value: T): T => {
    if (!text.startsWith(expected, at)) fail('no value');
    at += expected.length;
    return value;
  };

  const readString = (): string => {
    if (!next('"')) fail('no string');
    const start = at;
    let escaped = false;
    for (; text[at] !== '"'; at++) {
      if (at >= text.length || text.charCodeAt(at) < 0x20) fail('a string without an end');
      if (text[at] !== '\\') continue;
      escaped = true;
      at++;
    }
    at++;
    if (!escaped) return text.slice(start, at - 1);
    try {
      return JSON.parse(text.slice(start - 1, at)) as string;
    } catch {
      return fail('a bad escape before the character');
    }
  };
  const readNumber = (): number => {
    const token = match(number) ?? fail('no value');
    const x = Number(token);
    return Number.isFinite(x) ? x : fail('a number beyond float64 before the character');
  };
  const readRecord = (depth: number): ReadonlyMap<string, Json> => {
    const record = new Map<string, Json>();
    if (next('}')) return record;
    do {
      const name = readString();
      if (record.has(name)) fail(`the second entry ${JSON.stringify(name)}`);
      if (!next(':')) fail('no colon');
      record.set(name, readValue(depth));
    } while (next(','));
    return next('}') ? record : fail('no comma and no }');
  };
  const readList = (depth: number): readonly Json[] => {
    const list: Json[] = [];
    if (next(']')) return list;
    do list.push(readValue(depth));
    while (next(','));
    return next(']') ? list : fail('no comma and no ]');
  };
  const readValue = (depth: number): Json => {
    if (depth > deepest) fail(`more than ${deepest} levels`);
    if (next('{')) return readRecord(depth + 1);
    if (next('[')) return readList(depth + 1);
    switch (text[at]) {
      case '"':
        return readString();
      case 't':
        return word('true', true);
      case 'f':
        return word('false', false);
      case 'n':
        return word('null', null);
      default:
        return readNumber();
    }
  };

  const value = readValue(0);
  match(space);
  return at === text.length ? value : fail('something after the end');
}

export const isRecord = (x: Json | undefined): x is ReadonlyMap<string, Json> => x instanceof Map;

/** A count, an extent, a place: a whole number from 0 to 2⁵³ − 1. */
export const isCount = (x: Json | undefined): x is number => typeof x === 'number' && Number.isSafeInteger(x) && x >= 0;
