import { byFrequency, digits } from './generated/wasm-binaries';

/** The first digits stand for a byte each; the last two begin a pair for one of the bytes that are left. */
const single = digits.length - 2;

/** The bytes of a text that scripts/build-kernels.mjs made of them, so that it compresses as well as they do. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const values = new Uint8Array(128); // of the digits, by their code
  for (let i = 0; i < digits.length; i++) values[digits.charCodeAt(i)] = i;
  const byteOf = Uint8Array.from(byFrequency.match(/../g) ?? [], (hex) => Number.parseInt(hex, 16));
  const bytes = new Uint8Array(text.length);
  let size = 0;
  for (let at = 0; at < text.length; ) {
    const first = values[text.charCodeAt(at++)] as number;
    const second = first < single ? 0 : (values[text.charCodeAt(at++)] as number) + (first - single) * digits.length;
    bytes[size++] = byteOf[Math.min(first, single) + second] as number;
  }
  return bytes.slice(0, size);
}
