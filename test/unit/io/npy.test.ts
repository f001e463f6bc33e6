import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeNpy, decodeNpz, encodeNpy, encodeNpz, FileError, type Tensor, tensor, zeros } from '../../../src/index';
import { crc32 } from '../../../src/io/crc32';
import { checkZip, encodeZip } from '../../../src/io/zip';

const numbers = (x: Tensor | undefined): number[] => Array.from(x?.dataSync() ?? []);

/** An npy file with any header. */
function npy(header: string, data = 0, version = 1): Uint8Array {
  const text = new TextEncoder().encode(header);
  const length = version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
  return Uint8Array.from([
    0x93,
    ...new TextEncoder().encode('NUMPY'),
    version,
    0,
    ...length,
    ...text,
    ...new Array(data).fill(0),
  ]);
}

const header = (descr = "'<f4'", order = 'False', shape = '(2,)'): string =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

describe('npy', () => {
  it.each([[[]], [[3]], [[2, 3]], [[2, 0, 4]], [[1, 1, 1, 1, 5]]])(
    'keeps the shape %j and its numbers',
    async (shape) => {
      const size = shape.reduce((a, b) => a * b, 1);
      for (const values of [new Float32Array(size).fill(-0.1), new Int32Array(size).fill(-(2 ** 31))]) {
        const bytes = await encodeNpy(tensor(values, { shape }));
        expect((bytes.length - 4 * size) % 64).toBe(0); // the numbers are aligned, as NumPy promises
        const read = decodeNpy(bytes);
        expect([read.shape, read.dtype, numbers(read)]).toEqual([
          shape,
          values instanceof Float32Array ? 'float32' : 'int32',
          Array.from(values),
        ]);
      }
    },
  );

  it('reads headers as other programs write them', () => {
    const one = numbers(tensor([0, 0]));
    for (const text of [
      header(),
      header().replaceAll(' ', ''),
      "{'shape': (2,), 'fortran_order': False, 'descr': '<f4'}",
      header("'<f4'", 'False', '(2L,)'),
      header("'<f4'", 'False', '( 2 , )'),
    ])
      expect(numbers(decodeNpy(npy(text, 8)))).toEqual(one);
  });

  it.each([
    ['nothing', new Uint8Array(), 'npy/header'],
    ['another format', new TextEncoder().encode('{"not": "npy"}'), 'npy/header'],
    ['version 4', npy(header(), 8, 4), 'npy/header'],
    ['a header that is cut off', npy(header(), 8).subarray(0, 40), 'npy/header'],
    ['a field twice', npy("{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", 8), 'npy/header'],
    ['a field too many', npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 'y'}", 8), 'npy/header'],
    ['no shape', npy("{'descr': '<f4', 'fortran_order': False}", 8), 'npy/header'],
    ['text after the dictionary', npy(`${header()}x`, 8), 'npy/header'],
    ['a shape of −2', npy(header("'<f4'", 'False', '(-2,)'), 8), 'npy/header'],
    ['a shape of 2.0', npy(header("'<f4'", 'False', '(2.0,)'), 8), 'npy/header'],
    ['a shape whose product overflows', npy(header("'<f4'", 'False', '(4294967296, 4294967296, 0)')), 'npy/header'],
    ['60 000 spaces', npy(`{'descr': '<f4',${' '.repeat(60_000)}`), 'npy/header'],
    ['60 000 brackets', npy('{'.repeat(60_000)), 'npy/header'],
    ['Python objects', npy(header("'|O'"), 8), 'npy/dtype'],
    ['__proto__', npy(header("'__proto__'"), 8), 'npy/dtype'],
    ['a byte too many', npy(header(), 9), 'npy/size'],
    ['a byte too few', npy(header(), 7), 'npy/size'],
  ])('refuses %s', (_, bytes, code) => {
    expect(() => decodeNpy(bytes)).toThrow(FileError);
    expect(() => decodeNpy(bytes)).toThrow(`[${code}]`);
  });
});

/** A zip archive of one deflated file, and with any of its fields changed. */
function deflated(bytes: Uint8Array, change: (view: DataView, directory: number) => void = () => {}): Uint8Array {
  const packed = deflateRawSync(bytes);
  const zip = encodeZip([['x.npy', packed]]);
  const view = new DataView(zip.buffer);
  const directory = 30 + 5 + packed.length;
  view.setUint16(directory + 10, 8, true);
  view.setUint32(directory + 16, crc32(bytes), true);
  view.setUint32(directory + 24, bytes.length, true);
  change(view, directory);
  return zip;
}

it('npy: more axes than NumPy has are neither written nor read', async () => {
  const most = zeros(new Array(64).fill(1));
  expect(decodeNpy(await encodeNpy(most)).shape).toEqual(most.shape);
  for (const axes of [65, 30_000]) {
    await expect(encodeNpy(zeros(new Array(axes).fill(1)))).rejects.toThrow(/npy\/header.*axes.*at most 64/);
    if (axes < 1000)
      expect(() => decodeNpy(npy(header("'<f4'", 'False', `(${'1,'.repeat(axes)})`), 4))).toThrow(/npy\/header/);
  }
});

it('npy: the first axis fastest, bit for bit, in both byte orders', () => {
  const shape = [2, 3, 4];
  const bits = Int32Array.from({ length: 24 }, (_, i) => 0x7fa00000 + i); // NaNs with a payload
  for (const order of ['<', '>']) {
    const bytes = npy(header(`'${order}f4'`, 'True', '(2, 3, 4)'), 96);
    const view = new DataView(bytes.buffer, bytes.length - 96);
    bits.forEach((x, i) => void view.setInt32(4 * i, x, order === '<'));
    const read = decodeNpy(bytes);
    const values = read.dataSync();
    expect(read.shape).toEqual(shape);
    const got = new Int32Array(values.buffer, values.byteOffset, 24);
    for (let i = 0; i < 2; i++)
      for (let j = 0; j < 3; j++)
        for (let k = 0; k < 4; k++) expect(got[(i * 3 + j) * 4 + k]).toBe(bits[i + 2 * (j + 3 * k)]);
  }
});

describe('npz', () => {
  it('writes no name and no count that it would not read', async () => {
    const x = zeros([1]);
    const longest = `${'ж'.repeat(32_765)}a`; // 65 531 bytes, and .npy
    expect(Object.keys(await decodeNpz(await encodeNpz({ [longest]: x, '\ufeffmark': x })))).toEqual([
      longest,
      '\ufeffmark',
    ]);
    for (const name of [`${longest}a`, 'a'.repeat(70_000), '\ud800', 'a\udc00b'])
      await expect(encodeNpz({ [name]: x })).rejects.toThrow(/zip\/name/);
    const none = new Uint8Array();
    const files = (count: number) => Array.from({ length: count }, (_, i): [string, Uint8Array] => [String(i), none]);
    expect(() => encodeZip(files(65_535))).toThrow(/zip\/too-large.*65535 files.*zip64/);
    expect(() => checkZip([['x', 2 ** 32]])).toThrow(/zip\/too-large.*zip64/);
    await expect(encodeNpz({ x: zeros(new Array(65).fill(1)) })).rejects.toThrow(/npy\/header/);
  });

  it('says that sizes in zip64 are not read', async () => {
    const zip = deflated(await encodeNpy(zeros([4])), (view, at) => view.setUint32(at + 24, 0xffffffff, true));
    await expect(decodeNpz(zip)).rejects.toThrow(/zip\/unsupported.*zip64/);
  });

  it('knows the checksum of the text that everyone uses', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    // and of any bytes, as zlib computes it
    for (let length = 0; length < 40; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 151 + length * 77) % 256);
      expect(crc32(bytes)).toBe(gzipSync(bytes).readUInt32LE(gzipSync(bytes).length - 8));
    }
  });

  it('keeps names, shapes and numbers', async () => {
    const params = { 'a.b/ä': tensor([[1, 2]]), __proto__x: tensor([3], { dtype: 'int32' }), empty: zeros([0, 2]) };
    const read = await decodeNpz(await encodeNpz(params));
    expect(Object.keys(read)).toEqual(Object.keys(params));
    for (const [name, x] of Object.entries(params)) {
      expect([read[name]?.shape, read[name]?.dtype, numbers(read[name])]).toEqual([x.shape, x.dtype, numbers(x)]);
    }
  });

  it('refuses what is broken, and more than it was allowed', async () => {
    const inner = await encodeNpy(zeros([1000]));
    const zip = await encodeNpz({ x: zeros([4]) });
    expect((await decodeNpz(deflated(inner))).x?.shape).toEqual([1000]);
    const broken: readonly (readonly [Uint8Array, string])[] = [
      [new Uint8Array(), 'zip/archive'],
      [new Uint8Array(100), 'zip/archive'],
      [zip.subarray(0, zip.length - 1), 'zip/archive'],
      [zip.map((byte, i) => (i === 50 ? byte ^ 1 : byte)), 'zip/archive'], // checksum
      [
        encodeZip([
          ['x', inner],
          ['x.npy', inner],
        ]),
        'zip/archive',
      ],
      [
        encodeZip([
          ['x', inner],
          ['x', inner],
        ]),
        'zip/archive',
      ],
      [encodeZip([['readme.txt', new Uint8Array(3)]]), 'npy/header'],
      [deflated(inner, (view, at) => view.setUint32(at + 24, inner.length - 1, true)), 'zip/archive'], // more than it says
      [deflated(inner, (view, at) => view.setUint32(at + 24, inner.length + 1, true)), 'zip/archive'],
      [deflated(inner, (view, at) => view.setUint32(at + 24, 0xfffffffe, true)), 'zip/archive'],
      [deflated(inner, (view, at) => view.setUint16(at + 8, 1, true)), 'zip/unsupported'], // encrypted
      [deflated(inner, (view, at) => view.setUint16(at + 10, 12, true)), 'zip/unsupported'], // bzip2
      [deflated(inner, (view, at) => view.setUint32(at + 42, 10, true)), 'zip/archive'],
      [deflated(inner, (view) => view.setUint8(36, 0xff)), 'zip/archive'],
    ];
    for (const [bytes, code] of broken) {
      const error = await decodeNpz(bytes).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(FileError);
      expect((error as FileError).code).toBe(code);
    }
    await expect(decodeNpz(deflated(inner), { maxBytes: 100 })).rejects.toThrow(/zip\/too-large.*at most 100/);
    await expect(decodeNpz(deflated(inner, (view, at) => view.setUint32(at + 24, 1e6, true)))).rejects.toThrow(
      /zip\/archive.*1000000 bytes out of/,
    );
  });
});
