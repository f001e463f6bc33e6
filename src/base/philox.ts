/**
 * Philox4x32-10, the counter-based generator under every random number here (D7): ten rounds of multiply and
 * exclusive-or turn a 128-bit counter and a 64-bit key into 128 random bits, with no state in between. A generator with a
 * state must be run through all numbers before the one that is wanted; this one is asked for number (row, column) at once.
 *
 * @see Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */

/** Two unsigned 32-bit words. Plain data: it can be stored in a checkpoint as it is. */
export type Key = readonly [number, number];

const multiplier0 = 0xd2511f53;
const multiplier1 = 0xcd9e8d57;
const bump0 = 0x9e3779b9;
const bump1 = 0xbb67ae85;

/** Upper 32 bits of the 64-bit product of two unsigned words, from 16-bit halves that doubles hold exactly. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  return (aHigh * bHigh + (middle >>> 16) + (((middle & 0xffff) + aLow * bHigh) >>> 16)) >>> 0;
}

/** Four random words for the counter `(c0, c1, c2, c3)`, written into `out`. */
export function philox(key: Key, c0: number, c1: number, c2: number, c3: number, out: Uint32Array): void {
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(multiplier0, c0);
    const high1 = multiplyHigh(multiplier1, c2);
    const low0 = Math.imul(multiplier0, c0) >>> 0;
    const low1 = Math.imul(multiplier1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + bump0) >>> 0;
    k1 = (k1 + bump1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}
