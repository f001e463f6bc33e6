import { JsonError, JsonReader } from './json-reader';
import { longestJson, mostMemory } from './limits';

export { JsonError } from './json-reader';

/** A value of JSON, its records as maps, so that no name is special and order is kept. */
export type Json = null | boolean | number | string | readonly Json[] | ReadonlyMap<string, Json>;

/** Bytes of memory that a value takes in V8, at least; measured, and rounded up. */
const cost = { item: 32, string: 40, character: 2, list: 64, record: 224, entry: 96 };

/**
 * Read a whole JSON text. Records become maps, so that "__proto__" is a name like any other. What the values take in
 * memory is added up before they are made, and more than `mostMemory` is an error: two bytes of text can ask for hundreds.
 * @throws JsonError
 */
export function parseJson(text: string | Uint8Array): Json {
  if (text.length > longestJson) throw new JsonError(`${text.length} bytes, more than ${longestJson},`);
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const reader = new JsonReader(bytes);
  const most = mostMemory(bytes.length);
  let left = most;
  const spend = (memory: number): void => {
    left -= memory;
    if (left < 0) throw new JsonError(`values that take more than ${most} bytes of memory`);
  };
  const readString = (): string => {
    const string = reader.string(left / cost.character);
    spend(cost.string + cost.character * string.length);
    return string;
  };
  const readList = (): readonly Json[] => {
    const list: Json[] = [];
    spend(cost.list);
    reader.list(() => {
      spend(cost.item);
      list.push(readValue());
    });
    return list.slice(); // without the room that an array keeps for more
  };
  const readRecord = (): ReadonlyMap<string, Json> => {
    const record = new Map<string, Json>();
    spend(cost.record);
    reader.record((name) => {
      spend(cost.entry + cost.string + cost.character * name.length);
      record.set(name, readValue());
    });
    return record;
  };
  const readValue = (): Json => {
    switch (reader.kind()) {
      case 'record':
        return readRecord();
      case 'list':
        return readList();
      case 'string':
        return readString();
      case 'number':
        return reader.number();
      case 'word':
        return reader.word();
    }
  };

  const value = readValue();
  reader.end();
  return value;
}

export const isRecord = (x: Json | undefined): x is ReadonlyMap<string, Json> => x instanceof Map;

/** A count, an extent, a place: a whole number from 0 to 2⁵³ − 1. */
export const isCount = (x: Json | undefined): x is number => typeof x === 'number' && Number.isSafeInteger(x) && x >= 0;
