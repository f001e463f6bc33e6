/** Codes of this many bits in int32 words, 32/bits in a word, the first in the lowest bits. */
export function packCodes(codes: Uint8Array, bits: number): Int32Array {
  const each = 32 / bits;
  const words = new Int32Array(Math.ceil(codes.length / each));
  for (let j = 0; j < codes.length; j++)
    (words[Math.floor(j / each)] as number) |= (codes[j] as number) << (bits * (j % each));
  return words;
}

/** The first `count` codes again. */
export function unpackCodes(words: Int32Array, bits: number, count: number): Uint8Array {
  const each = 32 / bits;
  const mask = 2 ** bits - 1;
  return Uint8Array.from(
    { length: count },
    (_, j) => ((words[Math.floor(j / each)] as number) >>> (bits * (j % each))) & mask,
  );
}
