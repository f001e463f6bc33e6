import { longestName } from './limits';

/** Why a text is not JSON, or more than is read, and where. */
export class JsonError extends Error {}

/** A value by its first character: 'word' for null, true and false, and for what is no value. */
export type JsonKind = 'record' | 'list' | 'string' | 'number' | 'word';

/** Deeper than any header or state; a stack is finite. */
const deepest = 512;
/** Digits of a number; no program writes as many. */
const longestNumber = 1000;

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openList, closeList, openRecord, closeRecord] = [0x5b, 0x5d, 0x7b, 0x7d];
const kinds: Readonly<Record<number, JsonKind>> = { [openRecord]: 'record', [openList]: 'list', [quote]: 'string' };
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const words: readonly (readonly [string, null | boolean])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
];
const inNumber = (byte = 0): boolean =>
  (byte >= 0x30 && byte <= 0x39) || byte === 0x2e || byte === 0x2d || byte === 0x2b || (byte | 0x20) === 0x65; // .-+eE
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * JSON in UTF-8, read one value after the other by a caller that knows what comes next: nothing is built but what is
 * asked for. It is stricter than `JSON.parse`, which keeps the last of two entries of one name: here that is an error, as
 * two readers of one file may not see two contents.
 */
export class JsonReader {
  private at = 0;
  private depth = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** What comes next. */
  kind(): JsonKind {
    const first = this.first();
    const digit = first === 0x2d || (first !== undefined && first >= 0x30 && first <= 0x39);
    return digit ? 'number' : (kinds[first ?? 0] ?? 'word');
  }

  /** Read a record; `entry` gets each name and reads its value. @throws JsonError */
  record(entry: (name: string) => void): void {
    const names = new Set<string>();
    this.sequence(openRecord, closeRecord, () => {
      const name = this.string(longestName);
      if (names.has(name)) this.fail(`the second entry ${JSON.stringify(name.slice(0, 80))}`);
      names.add(name);
      if (!this.next(colon)) this.fail('no colon');
      entry(name);
    });
  }

  /** Read a list; `item` reads each of its values. @throws JsonError */
  list(item: () => void): void {
    this.sequence(openList, closeList, item);
  }

  /** Read a string of at most `longest` bytes as they are written. @throws JsonError */
  string(longest = Number.POSITIVE_INFINITY): string {
    if (!this.next(quote)) this.fail('no string');
    const start = this.at;
    let [escaped, ascii] = [false, true];
    for (; this.bytes[this.at] !== quote; this.at++) {
      const byte = this.bytes[this.at];
      if (byte === undefined || byte < 0x20) this.fail('a string without an end');
      if (byte === backslash) {
        escaped = true;
        this.at++;
      } else if ((byte as number) > 0x7f) ascii = false;
    }
    const bytes = this.bytes.subarray(start, this.at++);
    if (bytes.length > longest) this.fail(`a string of more than ${longest} bytes before the byte`);
    if (ascii && !escaped && bytes.length <= 64) return String.fromCharCode(...bytes); // faster than a decoder
    const text = this.decode(bytes);
    if (!escaped) return text;
    try {
      return JSON.parse(`"${text}"`) as string;
    } catch {
      return this.fail('a bad escape before the byte');
    }
  }

  /** Read a number. @throws JsonError also where it is beyond float64 */
  number(): number {
    this.first();
    const start = this.at;
    while (inNumber(this.bytes[this.at])) {
      if (this.at++ - start > longestNumber) this.fail(`a number of more than ${longestNumber} characters`);
    }
    const token = String.fromCharCode(...this.bytes.subarray(start, this.at));
    if (!number.test(token)) this.fail('no value before the byte');
    const x = Number(token);
    return Number.isFinite(x) ? x : this.fail('a number beyond float64 before the byte');
  }

  /** Read null, true or false. @throws JsonError */
  word(): null | boolean {
    this.first();
    for (const [word, value] of words) {
      if (![...word].every((letter, i) => this.bytes[this.at + i] === letter.charCodeAt(0))) continue;
      this.at += word.length;
      return value;
    }
    return this.fail('no value');
  }

  /** Nothing but space may follow. @throws JsonError */
  end(): void {
    if (this.first() !== undefined) this.fail('something after the end');
  }

  /** The next byte that is no space. */
  private first(): number | undefined {
    for (;;) {
      const byte = this.bytes[this.at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.at++;
    }
  }

  private next(byte: number): boolean {
    if (this.first() !== byte) return false;
    this.at++;
    return true;
  }

  private sequence(open: number, close: number, each: () => void): void {
    if (!this.next(open)) this.fail(open === openList ? 'no list' : 'no record');
    if (this.depth++ >= deepest) this.fail(`more than ${deepest} levels`);
    if (!this.next(close)) {
      do each();
      while (this.next(comma));
      if (!this.next(close)) this.fail(`no comma and no ${String.fromCharCode(close)}`);
    }
    this.depth--;
  }

  private decode(bytes: Uint8Array): string {
    try {
      return utf8.decode(bytes);
    } catch {
      return this.fail('a string that is not UTF-8 before the byte');
    }
  }

  private fail(what: string): never {
    throw new JsonError(`${what} at byte ${this.at}`);
  }
}
