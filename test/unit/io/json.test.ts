import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Json, JsonError, parseJson } from '../../../src/io/json';

/** The value that `JSON.parse` would give. */
const plain = (x: Json): unknown => {
  if (x instanceof Map) return Object.fromEntries([...x].map(([name, value]) => [name, plain(value)]));
  return Array.isArray(x) ? x.map(plain) : x;
};

const outcome = (parse: () => unknown): string => {
  try {
    return `value ${JSON.stringify(parse())}`;
  } catch (error) {
    return error instanceof JsonError || error instanceof SyntaxError ? 'no JSON' : `raw ${String(error)}`;
  }
};

describe('our JSON', () => {
  it('reads what JSON.stringify writes, as text and as bytes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }), fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(plain(parseJson(text))).toEqual(JSON.parse(text));
        expect(plain(parseJson(new TextEncoder().encode(text)))).toEqual(JSON.parse(text));
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it('takes and refuses any text as JSON.parse does, but for a name twice', () => {
    const words = fc.constantFrom(
      ...'{ } [ ] , : " \\ \\u0061 \\ud800 \\x - + . 0 1 12 e E 1e5 1e999 -0 01 .5 5. null true false nul "a" "ä" "😀" \t'.split(
        ' ',
      ),
      ' ',
      '\n',
      '\u00a0',
      '\ufeff',
      '\u0001',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 12 }), (list) => {
        const text = list.join('');
        if (/\d[eE]\+?\d{3}/.test(text)) return; // infinite for JSON.parse, refused here
        const ours = outcome(() => plain(parseJson(text)));
        const theirs = outcome(() => JSON.parse(text));
        if (ours !== theirs) expect(`${text}: ${ours}`).toMatch(/"a".*"a".*: no JSON$/s);
      }),
      { numRuns: 3000, seed: 2 },
    );
  });

  it.each([
    ['{"a":1,"a":2}', /second entry "a"/],
    ['{"a":1,"\\u0061":2}', /second entry "a"/],
    ['1e999', /beyond float64/],
    ['['.repeat(100_000), /more than 512 levels/],
    [`{"${'a'.repeat(65_536)}":1}`, /more than 65535 bytes/],
    [`[${'1'.repeat(2000)}]`, /more than 1000 characters/],
    [' '.repeat(100_000_001), /100000001 bytes, more than 100000000/],
  ])('refuses %.20s…', (text, message) => {
    expect(() => parseJson(text)).toThrow(message);
    expect(() => parseJson(text)).toThrow(JsonError);
  });

  it('keeps 65 535 bytes of a name, 512 levels and 200 000 numbers', () => {
    const name = 'ж'.repeat(32_767);
    expect([...(parseJson(`{"${name}":1}`) as Map<string, Json>).keys()]).toEqual([name]);
    expect(() => parseJson('['.repeat(512) + ']'.repeat(512))).not.toThrow();
    const numbers = Array.from({ length: 200_000 }, (_, i) => i);
    expect(JSON.stringify(parseJson(JSON.stringify(numbers))) === JSON.stringify(numbers)).toBe(true);
  });

  it('refuses bytes that are not UTF-8, in strings and between them', () => {
    expect(() => parseJson(Uint8Array.from([0x22, 0xff, 0x22]))).toThrow(/not UTF-8/);
    expect(() => parseJson(Uint8Array.from([0xff]))).toThrow(JsonError);
  });
});
