import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type StoredType, tensor, zeros } from '../../../src/index';
import { layOutWith } from '../../../src/io/safetensors';
import { type ByteSource, piecesOf, readSafetensors } from '../../../src/io/safetensors-pieces';

const tensors = {
  large: tensor(Array.from({ length: 999 }, (_, i) => i / 4)),
  empty: zeros([0, 3]),
  whole: tensor([1, 0, 1], { dtype: 'int32' }),
  small: tensor([[0.5], [-2]]),
};
const stores: ((path: string) => StoredType)[] = [
  (path) => (path === 'whole' ? 'I32' : 'F32'),
  (path) => (path === 'whole' ? 'U8' : path === 'large' ? 'F64' : 'BF16'),
];

/** Bytes in memory, and how many were asked for at once. */
function sourceOf(bytes: Uint8Array): ByteSource & { most: number } {
  return {
    size: bytes.length,
    most: 0,
    async read(into, at) {
      this.most = Math.max(this.most, into.length);
      expect(at + into.length).toBeLessThanOrEqual(bytes.length);
      into.set(bytes.subarray(at, at + into.length));
    },
  };
}

const values = (params: ReturnType<typeof decodeSafetensors>) =>
  Object.entries(params).map(([name, x]) => [name, x.dtype, x.shape, Array.from(x.dataSync())]);

describe('a safetensors file in pieces', () => {
  it.each(stores)('has the bytes and the tensors of the whole, one tensor at a time', async (storeAs) => {
    const whole = await encodeSafetensors(tensors, { about: 'it' }, { storeAs });
    const layout = layOutWith('test', tensors, { about: 'it' }, { storeAs });
    const pieces: Uint8Array[] = [];
    const read = (name: string) => (tensors[name as keyof typeof tensors] as typeof tensors.large).data();
    for await (const piece of piecesOf(layout, read)) pieces.push(piece);
    expect(pieces.length).toBe(5); // the head, and one for each tensor
    expect(Buffer.concat(pieces).equals(whole)).toBe(true);

    const source = sourceOf(whole);
    const seen: Uint8Array[] = [];
    const named: string[] = [];
    const loaded = await readSafetensors(
      source,
      (bytes) => seen.push(bytes.slice()),
      (name) => named.push(name),
    );
    expect(values(loaded)).toEqual(values(decodeSafetensors(whole)));
    expect(Buffer.concat(seen).equals(whole)).toBe(true);
    expect(named.sort()).toEqual(Object.keys(tensors).sort());
    expect(source.most).toBe(Math.max(...pieces.map(({ length }) => length)));
  });

  it('is refused with the words of the whole, wherever it is cut or changed', async () => {
    const whole = await encodeSafetensors(tensors);
    const said = async (bytes: Uint8Array): Promise<[string, string]> => {
      const inPieces = await readSafetensors(sourceOf(bytes)).then(
        () => 'fine',
        (error: Error) => error.message,
      );
      let atOnce = 'fine';
      try {
        decodeSafetensors(bytes);
      } catch (error) {
        atOnce = (error as Error).message;
      }
      return [inPieces, atOnce];
    };
    const cuts = [0, 7, 8, 9, 100, whole.length - 1, whole.length];
    const changes = Array.from({ length: 60 }, (_, i) => whole.map((byte, at) => (at === i * 5 ? byte ^ 0x5a : byte)));
    let refused = 0;
    for (const bytes of [...cuts.map((at) => whole.subarray(0, at)), ...changes]) {
      const [inPieces, atOnce] = await said(bytes);
      expect(inPieces).toBe(atOnce);
      if (atOnce !== 'fine') refused++;
    }
    expect(refused).toBeGreaterThan(30);
  });

  it('claims of a length beyond any file are refused before memory is taken', async () => {
    const bytes = new Uint8Array(16).fill(0xff);
    const source = { ...sourceOf(bytes), size: 2 ** 40 };
    await expect(readSafetensors(source)).rejects.toThrow(/safetensors\/header/);
  });
});
