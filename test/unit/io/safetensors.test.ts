import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeSafetensors,
  encodeSafetensors,
  FileError,
  type Params,
  type StoredType,
  safetensorsMetadata,
  type Tensor,
  tensor,
  zeros,
} from '../../../src/index';
import { storedTypes } from '../../../src/io/stored-type';

const numbers = (x: Tensor | undefined): number[] => Array.from(x?.dataSync() ?? []);
const bits = (x: Tensor | undefined): number[] => {
  const values = x?.dataSync() ?? new Int32Array();
  return Array.from(new Int32Array(values.buffer, values.byteOffset, values.length));
};

/** A file with any header and any bytes after it. */
function file(header: unknown, data: number | Uint8Array = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const rest = typeof data === 'number' ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + text.length + rest.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(rest, 8 + text.length);
  return bytes;
}

const f32 = (shape: unknown, from: unknown, to: unknown) => ({ dtype: 'F32', shape, data_offsets: [from, to] });

/** Numbers that each type holds, at its ends and between. */
const examples: Readonly<Record<StoredType, readonly number[]>> = {
  F64: [0, -0, 1 / 3, -3.4028234663852886e38, 2 ** -149, Infinity, Number.NaN],
  F32: [0, -0, 1 / 3, -3.4028234663852886e38, 2 ** -149, Infinity, Number.NaN],
  F16: [0, -0, 0.333251953125, 65504, 2 ** -24, 2 ** -14, -Infinity, Number.NaN],
  BF16: [0, -0, 0.333984375, 3.3895313892515355e38, 2 ** -133, -Infinity, Number.NaN],
  F8_E5M2: [0, -0, 0.3125, 57344, 2 ** -16, -Infinity, Number.NaN],
  F8_E4M3: [0, -0, 0.34375, 448, 2 ** -9, 2 ** -6, -448, Number.NaN],
  I64: [0, -(2 ** 31), 2 ** 31 - 1],
  U64: [0, 2 ** 31 - 1],
  I32: [0, -(2 ** 31), 2 ** 31 - 1],
  U32: [0, 2 ** 31 - 1],
  I16: [0, -32768, 32767],
  U16: [0, 65535],
  I8: [0, -128, 127],
  U8: [0, 255],
  BOOL: [0, 1],
};

describe('safetensors', () => {
  it.each(Object.keys(storedTypes) as StoredType[])('keeps numbers of %s', async (type) => {
    const { dtype, bytes: size } = storedTypes[type];
    const x = tensor(examples[type], { dtype });
    const bytes = await encodeSafetensors({ x }, {}, { storeAs: () => type });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(bytes.length - 8 - length).toBe(size * x.size);
    const read = decodeSafetensors(bytes);
    expect(read.x?.dtype).toBe(dtype);
    expect(numbers(read.x)).toEqual(numbers(x));
  });

  it('keeps every bit of float32, NaNs with their payload too', async () => {
    const x = new Float32Array(Int32Array.from([0x7fc12345, -1, 1, -(2 ** 31), 0x7f800001]).buffer);
    const read = decodeSafetensors(await encodeSafetensors({ x: tensor(x) }));
    expect(bits(read.x)).toEqual(Array.from(new Int32Array(x.buffer)));
  });

  it('keeps any names, shapes, order and strings', async () => {
    const names = fc.oneof(
      fc.constantFrom('__proto__', 'constructor', 'toString', '', '0', 'a.b', '"\\/\n', '\ud800', 'ä😀'),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    const leaf = fc.record({ shape: fc.array(fc.nat(3), { maxLength: 4 }), whole: fc.boolean() });
    const records = fc.uniqueArray(fc.tuple(names, leaf), { selector: ([name]) => name, maxLength: 6 });
    const about = fc.dictionary(names, fc.string({ unit: 'binary' }), { maxKeys: 4 });
    await fc.assert(
      fc.asyncProperty(records, about, fc.nat(7), async (list, strings, shift) => {
        const params: Params = Object.fromEntries(
          list.map(([name, { shape, whole }], i) => {
            const size = shape.reduce((product, extent) => product * extent, 1);
            return [name, tensor(new (whole ? Int32Array : Float32Array)(size).fill(i + 0.5), { shape })];
          }),
        );
        const encoded = await encodeSafetensors(params, strings);
        const bytes = new Uint8Array(encoded.length + shift).subarray(shift); // need not be aligned
        bytes.set(encoded);
        const read = decodeSafetensors(bytes);
        expect(Object.keys(read)).toEqual(Object.keys(params));
        for (const [name, x] of Object.entries(params)) {
          expect([read[name]?.shape, read[name]?.dtype, numbers(read[name])]).toEqual([x.shape, x.dtype, numbers(x)]);
        }
        expect(Object.entries(safetensorsMetadata(bytes)).sort()).toEqual(Object.entries(strings).sort());
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('starts each tensor at a multiple of its element, whatever the types', async () => {
    const params = { a: zeros([3]), b: zeros([1]), c: zeros([5]) };
    const storeAs = (path: string): StoredType => (path === 'a' ? 'F8_E4M3' : path === 'b' ? 'F64' : 'F16');
    const bytes = await encodeSafetensors(params, {}, { storeAs });
    expect(Object.keys(decodeSafetensors(bytes))).toEqual(['a', 'b', 'c']);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    expect([header.b, header.c, header.a].map(({ data_offsets }) => data_offsets)).toEqual([
      [0, 8],
      [8, 18],
      [18, 21],
    ]);
  });

  it.each([
    ['F16', 70000],
    ['F8_E4M3', 500],
    ['F8_E4M3', Infinity],
    ['F8_E5M2', 61441],
    ['BF16', 3.4e38],
    ['I32', 1],
  ] as const)('does not store as %s what does not fit: %s', async (type, x) => {
    const encoded = encodeSafetensors({ x: tensor([0, x]) }, {}, { storeAs: () => type });
    await expect(encoded).rejects.toThrow(/file\/values/);
  });

  it.each([
    ['I8', 128],
    ['U8', -1],
    ['U64', -1],
    ['BOOL', 2],
    ['F32', 1],
  ] as const)('does not store as %s the whole number %s', async (type, x) => {
    const encoded = encodeSafetensors({ x: tensor([0, x], { dtype: 'int32' }) }, {}, { storeAs: () => type });
    await expect(encoded).rejects.toThrow(/file\/values/);
  });

  it.each([
    ['I64', [0, 0, 0, 0x80, 0, 0, 0, 0], '2147483648'],
    ['U64', [255, 255, 255, 255, 255, 255, 255, 255], '18446744073709551615'],
    ['U32', [0, 0, 0, 0x80], '2147483648'],
    ['BOOL', [2], '2'],
    ['F64', [0, 0, 0, 0, 0, 0, 240, 71], '3.402823669209385e\\+38'],
  ] as const)('refuses numbers of %s that are none of ours', (dtype, data, text) => {
    const bytes = file({ x: { dtype, shape: [], data_offsets: [0, data.length] } }, Uint8Array.from(data));
    expect(() => decodeSafetensors(bytes)).toThrow(new RegExp(`file/values.*element 0 of "x" is ${text} as ${dtype}`));
  });

  it('writes no names, axes and counts that it would not read', async () => {
    const x = zeros([0]);
    const longest = 'ж'.repeat(32_767);
    expect(Object.keys(decodeSafetensors(await encodeSafetensors({ [longest]: x })))).toEqual([longest]);
    await expect(encodeSafetensors({ [`${longest}aa`]: x })).rejects.toThrow(/safetensors\/name/);
    await expect(encodeSafetensors({ ['"'.repeat(40_000)]: x })).rejects.toThrow(/safetensors\/name/); // escaped
    const axes = (count: number): Tensor => zeros(new Array(count).fill(1));
    expect(decodeSafetensors(await encodeSafetensors({ x: axes(64) })).x?.ndim).toBe(64);
    await expect(encodeSafetensors({ x: axes(65) })).rejects.toThrow(/safetensors\/tensor.*65 axes/);
    const many = Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [i, x]));
    await expect(encodeSafetensors(many)).rejects.toThrow(/safetensors\/header.*60000 tensors/);
  });

  it('has a name that is its own', async () => {
    await expect(encodeSafetensors({ __metadata__: zeros([1]) })).rejects.toThrow(/safetensors\/name/);
    await expect(encodeSafetensors({ x: zeros([1]) }, {}, { storeAs: () => 'F33' as StoredType })).rejects.toThrow(
      /F33/,
    );
  });
});

describe('a safetensors file that is wrong', () => {
  const huge = new Uint8Array(16);
  new DataView(huge.buffer).setBigUint64(0, 100_000_001n, true);
  const beyond = new Uint8Array(16);
  new DataView(beyond.buffer).setBigUint64(0, 2n ** 63n, true);
  const cases: readonly (readonly [what: string, bytes: Uint8Array, code: RegExp])[] = [
    ['nothing', new Uint8Array(), /safetensors\/header.*0 bytes/],
    ['seven bytes', new Uint8Array(7), /safetensors\/header/],
    ['no header', new Uint8Array(8), /safetensors\/header/],
    ['a header of more than 100 MB', huge, /safetensors\/header.*100000001/],
    ['a header of 2⁶³ bytes', beyond, /safetensors\/header/],
    ['a header that is cut off', file('{"a":1}').subarray(0, 12), /safetensors\/header/],
    ['no JSON', file('hello'), /safetensors\/header/],
    ['text after the JSON', file('{} {}'), /safetensors\/header.*after the end/],
    ['a list', file('[]'), /safetensors\/header/],
    ['a byte order mark', file('\ufeff{}'), /safetensors\/header/],
    [
      'bytes that are not UTF-8',
      file('{"é":1}').map((byte) => (byte === 0xc3 ? 0xff : byte)),
      /safetensors\/header.*UTF-8/,
    ],
    ['100 000 levels', file('['.repeat(100_000)), /safetensors\/header.*no record/],
    ['a string without an end', file(`{"${'a'.repeat(100_000)}`), /safetensors\/header/],
    [
      'a name twice',
      file(
        '{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}',
        4,
      ),
      /safetensors\/header.*second entry "a"/,
    ],
    [
      'a name twice, once escaped',
      file(`{"a":${JSON.stringify(f32([1], 0, 4))},"\\u0061":${JSON.stringify(f32([1], 0, 4))}}`, 4),
      /safetensors\/header.*second/,
    ],
    ['a field twice', file('{"a":{"dtype":"F32","dtype":"F32"}}'), /safetensors\/header.*second/],
    ['metadata of numbers', file({ __metadata__: { a: 1 } }), /safetensors\/header.*__metadata__/],
    ['metadata that is a string', file({ __metadata__: 'a' }), /safetensors\/header/],
    ['a tensor that is no record', file({ a: 1 }), /safetensors\/tensor/],
    [
      '__proto__ in place of fields',
      file('{"a":{"__proto__":{"dtype":"F32","shape":[],"data_offsets":[0,0]}}}'),
      /safetensors\/tensor.*__proto__/,
    ],
    ['no dtype', file({ a: { shape: [], data_offsets: [0, 0] } }), /safetensors\/tensor.*dtype/],
    ['dtype toString', file({ a: { dtype: 'toString', shape: [], data_offsets: [0, 0] } }), /safetensors\/tensor/],
    ['dtype C64', file({ a: { dtype: 'C64', shape: [], data_offsets: [0, 8] } }, 8), /safetensors\/tensor.*C64/],
    ['an unknown field', file({ a: { ...f32([], 0, 4), x: 1 } }, 4), /safetensors\/tensor.*"x"/],
    ['a shape with −1', file({ a: f32([-1], 0, 4) }, 4), /safetensors\/tensor.*shape/],
    ['a shape with 1.5', file({ a: f32([1.5], 0, 4) }, 4), /safetensors\/tensor/],
    ['a shape with "1"', file({ a: f32(['1'], 0, 4) }, 4), /safetensors\/tensor/],
    ['a shape whose product overflows', file({ a: f32([2 ** 32, 2 ** 32], 0, 0) }), /safetensors\/tensor.*too large/],
    [
      'a product that overflows before a 0',
      file({ a: f32([2 ** 32, 2 ** 32, 0], 0, 0) }),
      /safetensors\/tensor.*too large/,
    ],
    [
      'a number beyond float64',
      file('{"a":{"dtype":"F32","shape":[1e999],"data_offsets":[0,0]}}'),
      /safetensors\/header/,
    ],
    ['offsets in a string', file({ a: f32([1], '0', '4') }, 4), /safetensors\/tensor/],
    ['one offset', file({ a: { dtype: 'F32', shape: [1], data_offsets: [4] } }, 4), /safetensors\/tensor/],
    ['offsets that are fractions', file({ a: f32([1], 0.5, 4.5) }, 5), /safetensors\/tensor/],
    ['offsets beyond 2⁵³', file({ a: f32([1], 2 ** 53, 2 ** 53 + 4) }, 4), /safetensors\/tensor/],
    ['negative offsets', file({ a: f32([1], -4, 0) }, 4), /safetensors\/tensor/],
    ['offsets the wrong way round', file({ a: f32([1], 4, 0) }, 4), /safetensors\/tensor/],
    ['offsets beyond the file', file({ a: f32([2], 0, 8) }, 4), /safetensors\/tensor.*4 bytes after/],
    ['bytes that do not fit the shape', file({ a: f32([2], 0, 4) }, 4), /safetensors\/tensor.*8, for \[2\] of F32/],
    ['an overlap', file({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12), /safetensors\/layout.*overlap/],
    ['two tensors in one place', file({ a: f32([1], 0, 4), b: f32([1], 0, 4) }, 4), /safetensors\/layout.*overlap/],
    ['a hole', file({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12), /safetensors\/layout.*between "a" and "b"/],
    ['a hole at the start', file({ a: f32([1], 4, 8) }, 8), /safetensors\/layout.*the header/],
    ['bytes after the last tensor', file({ a: f32([1], 0, 4) }, 5), /safetensors\/layout.*end of the file/],
  ];

  it.each(cases)('%s', (_, bytes, code) => {
    const attempt = () => decodeSafetensors(bytes);
    expect(attempt).toThrow(code);
    expect(attempt).toThrow(FileError);
  });

  it('an empty one is right', () => expect(decodeSafetensors(file('{}   '))).toEqual({}));
});
