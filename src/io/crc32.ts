/**
 * Tables of CRC-32 as zip, gzip and PNG use it: polynomial 0xEDB88320, lowest bit first. The first table takes one byte
 * into the checksum; table k takes a byte with k more behind it, so that four bytes go in one round.
 */
const tables = Array.from({ length: 4 }, () => new Int32Array(256));
const [one, two, three, four] = tables as [Int32Array, Int32Array, Int32Array, Int32Array];
for (let byte = 0; byte < 256; byte++) {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  one[byte] = rest;
}
for (const [k, table] of tables.slice(1).entries()) {
  const shorter = tables[k] as Int32Array;
  for (let byte = 0; byte < 256; byte++) {
    const rest = shorter[byte] as number;
    table[byte] = (rest >>> 8) ^ (one[rest & 0xff] as number);
  }
}

/** The CRC-32 checksum of bytes, an unsigned number; `before` is that of the bytes before them. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let rest = ~before;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    const [a, b, c, d] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]] as [number, number, number, number];
    const word = rest ^ (a | (b << 8) | (c << 16) | (d << 24));
    rest =
      (four[word & 0xff] as number) ^
      (three[(word >>> 8) & 0xff] as number) ^
      (two[(word >>> 16) & 0xff] as number) ^
      (one[word >>> 24] as number);
  }
  for (; at < bytes.length; at++) rest = (rest >>> 8) ^ (one[(rest ^ (bytes[at] as number)) & 0xff] as number);
  return ~rest >>> 0;
}
