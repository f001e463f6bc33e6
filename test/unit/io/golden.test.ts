import { describe, expect, it } from 'vitest';
import {
  decodeNpy,
  decodeNpz,
  decodeSafetensors,
  encodeSafetensors,
  fromHuggingFaceGPT2,
  GPT,
  gpt2Names,
  noGrad,
  random,
  renameParams,
  type StoredType,
  safetensorsMetadata,
  type Tensor,
  tensor,
} from '../../../src/index';
import golden from '../../golden/files.json';
import huggingface from '../../golden/huggingface.json';

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
const numbers = (x: Tensor | undefined): number[] => Array.from(x?.dataSync() ?? []);
/** Numbers from JSON, where infinities and NaN are words. */
const real = (list: readonly (number | string)[]): number[] => list.map(Number);
const { everyType, halves, roundings, shapes, npz, provenance } = golden;
const types = Object.keys(everyType.values) as (keyof typeof everyType.values)[];

describe(`files of NumPy ${provenance.numpy} and PyTorch ${provenance.torch}`, () => {
  const read = decodeSafetensors(bytesOf(everyType.safetensors));

  it.each(types)('%s in safetensors, npy, npy of the other byte order and of the other order of axes', (type) => {
    const values = real(everyType.values[type]);
    const dtype = type.startsWith('F') ? 'float32' : 'int32';
    const files = [everyType.npy, everyType.bigEndian, everyType.fortran].map((by) => decodeNpy(bytesOf(by[type])));
    for (const x of [read[type], ...files]) {
      expect([x?.shape, x?.dtype]).toEqual([[2, 3], dtype]);
      expect(numbers(x)).toEqual(values);
    }
  });

  it('keeps the order and the strings of a safetensors file', () => {
    expect(Object.keys(read)).toEqual(types);
    expect(safetensorsMetadata(bytesOf(everyType.safetensors))).toEqual({ format: 'pt', note: 'ä\n"quoted"' });
  });

  it('reads every 37th number of 16 bits as they do', () => {
    const read = decodeSafetensors(bytesOf(halves.file));
    expect(numbers(read.F16)).toEqual(real(halves.F16));
    expect(numbers(read.BF16)).toEqual(real(halves.BF16));
  });

  it.each(['F16', 'BF16'] as const)('rounds to %s as they do', async (type: StoredType & keyof typeof roundings) => {
    const bytes = await encodeSafetensors({ x: tensor(real(roundings.x)) }, {}, { storeAs: () => type });
    expect(numbers(decodeSafetensors(bytes).x)).toEqual(real(roundings[type]));
  });

  it('reads npy files of all shapes and versions', () => {
    const shapeAndValues = (name: keyof typeof shapes): unknown => {
      const x = decodeNpy(bytesOf(shapes[name]));
      return [x.shape, numbers(x)];
    };
    const three = [0, 1, 2];
    expect(shapeAndValues('scalar')).toEqual([[], [7]]);
    expect(shapeAndValues('vector')).toEqual([[3], three]);
    expect(shapeAndValues('empty')).toEqual([[2, 0, 3], []]);
    expect(shapeAndValues('cube')).toEqual([[2, 3, 4], Array.from({ length: 24 }, (_, i) => i)]);
    expect(shapeAndValues('version2')).toEqual([[3], three]);
    expect(shapeAndValues('version3')).toEqual([[3], three]);
  });

  it('refuses what is no number of ours, by name', () => {
    expect(() => decodeNpy(bytesOf(shapes.strings))).toThrow(/npy\/dtype.*<U1/);
    expect(() => decodeNpy(bytesOf(shapes.complex))).toThrow(/npy\/dtype.*<c16/);
    expect(() => decodeNpy(bytesOf(shapes.records))).toThrow(/npy\/(dtype|header)/);
    expect(() => decodeNpy(bytesOf(shapes.beyondInt32))).toThrow(/file\/values.*element 0.*2147483648 as I64/);
    expect(() => decodeNpy(bytesOf(shapes.beyondFloat32))).toThrow(/file\/values.*1e\+39 as F64/);
  });

  it.each(['stored', 'compressed'] as const)('reads npz, %s', async (kind) => {
    const read = await decodeNpz(bytesOf(npz[kind]));
    expect(Object.keys(read)).toEqual(kind === 'stored' ? ['x', 'ids', 'scalar'] : ['x', 'ids', 'zeros', 'scalar']);
    expect([read.x?.shape, numbers(read.x)]).toEqual([
      [2, 3],
      [0, 1, 2, 3, 4, 5],
    ]);
    expect([read.ids?.dtype, numbers(read.ids)]).toEqual(['int32', [3, 1, 2]]);
    expect([read.scalar?.shape, numbers(read.scalar)]).toEqual([[], [2.5]]);
    if (kind === 'compressed') expect(numbers(read.zeros)).toEqual(new Array(64 * 64).fill(0));
  });
});

describe(`a state dict of PyTorch ${provenance.torch}`, () => {
  const { options, file, ids, logits } = golden.gpt;

  it('loads into our GPT by a map of names, which then gives the same logits', () => {
    const model = new GPT({ ...options, key: random.key(0) });
    model.load(renameParams(decodeSafetensors(bytesOf(file)), gpt2Names));
    const ours = numbers(noGrad(() => model.forward(tensor(ids, { dtype: 'int32' }))));
    expect(ours.length).toBe(logits.length);
    const largest = Math.max(...ours.map((x, i) => Math.abs(x - Number(logits[i]))));
    expect(largest).toBeLessThan(1e-5); // of logits around 1; rounding of float32
  });

  it('does not load without it, and the error names what is missing and what was found', () => {
    const model = new GPT({ ...options, key: random.key(0) });
    expect(() => model.load(decodeSafetensors(bytesOf(file)))).toThrow(
      /load\/missing.*tokenEmbedding\.weight.*transformer\.wte\.weight/,
    );
  });
});

describe(`GPT-2 as Hugging Face saves it, by PyTorch ${huggingface.provenance.torch}`, () => {
  const { options, file, ids, logits } = huggingface;
  const saved = decodeSafetensors(bytesOf(file));
  const prefixed = Object.fromEntries(Object.entries(saved).map(([name, x]) => [`transformer.${name}`, x]));

  it.each([
    ['as the hub has it', saved],
    ['with a prefix and the head', { ...prefixed, 'lm_head.weight': saved['wte.weight'] as Tensor }],
  ])('%s, gives the same logits', (_, params) => {
    const model = new GPT({ ...options, key: random.key(0) });
    model.load(fromHuggingFaceGPT2(params));
    const ours = numbers(noGrad(() => model.forward(tensor(ids, { dtype: 'int32' }))));
    expect(ours.length).toBe(logits.length);
    const largest = Math.max(...ours.map((x, i) => Math.abs(x - (logits[i] as number))));
    expect(largest).toBeLessThan(1e-5); // of logits around 2; rounding of float32
  });

  it('does not load as nanoGPT saves it, since its weights lie the other way', () => {
    const model = new GPT({ ...options, key: random.key(0) });
    expect(() => model.load(renameParams(saved, gpt2Names))).toThrow(/load\/shape.*qkv.*\[8, 24\].*\[24, 8\]/);
  });
});
