import { type Key, philox } from './philox';

/**
 * Random matrices as functions of a key: element (row, column) depends on nothing else, so that any block can be
 * generated anywhere, in any order. The integer stream is exact everywhere. The arithmetic on it is a fixed sequence
 * of float32 steps (no fused multiply-add, no library `log` or `cos`, whose last bits differ between engines), so that every
 * CPU backend gives the same bits; `kernels/wasm/random.ts` is this file again in SIMD, and the backend laws compare the two
 * bit for bit. A projection that is drawn again must be the same to the bit: what went down by one must come up by it.
 *
 * - `uniform`    in [0, 1), 24 random bits
 * - `normal`     mean 0, variance 1, Box-Muller; |z| ≤ √(−2·ln 2⁻²⁴) = 5.77, since u has 24 bits
 * - `rademacher` ±1, one bit an element
 * - `Sparse`     mostly 0, 24 random bits
 */
export type Distribution = 'uniform' | 'normal' | 'rademacher' | Sparse;

/** ±1 with chance 1/(2·sparsity) each, else 0. */
export interface Sparse {
  /** Expected fraction's reciprocal: at least 1; at 1 no entry is 0. */
  readonly sparsity: number;
}

/** Counter (row, column block, stream, 0): streams keep the distributions of one key apart. */
const wordStream = 0;
const signStream = 1;

const f = Math.fround;
const words = new Uint32Array(4);
const pair = new Float32Array(2);
const bits = new Int32Array(1);
const asFloat = new Float32Array(bits.buffer);

// Minimax coefficients of Cephes (S. Moshier, netlib.org/cephes): logf, sinf and cosf.
const [l0, l1, l2] = [f(7.0376836292e-2), f(-1.151461031e-1), f(1.167699874e-1)];
const [l3, l4, l5] = [f(-1.2420140846e-1), f(1.4249322787e-1), f(-1.6668057665e-1)];
const [l6, l7, l8] = [f(2.0000714765e-1), f(-2.4999993993e-1), f(3.3333331174e-1)];
const ln2High = f(0.693359375);
const ln2Low = f(-2.1219444e-4);
const [s0, s1, s2] = [f(-1.9515295891e-4), f(8.3321608736e-3), f(-1.6666654611e-1)];
const [c0, c1, c2] = [f(2.443315711809948e-5), f(-1.388731625493765e-3), f(4.166664568298827e-2)];

/** Fill row `row`, columns `[from, from + out.length)`, of the random matrix of `key` into `out`. */
export function fillRow(kind: Distribution, key: Key, row: number, from: number, out: Float32Array): void {
  const named = { uniform: fillUniform, normal: fillNormal, rademacher: fillRademacher };
  const fill = typeof kind === 'object' ? fillSparse(chanceOf(kind)) : named[kind];
  fill(key, row, from, out);
}

/** The number of the 2²⁴ equally likely values of an element that are not 0: those below 1/sparsity as a float32. */
export function chanceOf({ sparsity }: Sparse): number {
  return Math.ceil(f(1 / sparsity) * 2 ** 24);
}

/** The uniform number of the element decides: the lower half of the chance is +1, the upper half −1. */
function fillSparse(chance: number): typeof fillUniform {
  const [positive, any] = [Math.ceil(chance / 2) * 2 ** -24, chance * 2 ** -24];
  return (key, row, from, out) => {
    fillUniform(key, row, from, out);
    for (let i = 0; i < out.length; i++) {
      const u = out[i] as number;
      out[i] = u < positive ? 1 : u < any ? -1 : 0;
    }
  };
}

function fillUniform(key: Key, row: number, from: number, out: Float32Array): void {
  for (let i = 0, block = -1; i < out.length; i++) {
    const column = from + i;
    if (column >>> 2 !== block) {
      block = column >>> 2;
      philox(key, row, block, wordStream, 0, words);
    }
    out[i] = ((words[column & 3] as number) >>> 8) * 2 ** -24;
  }
}

/** Words (0, 1) of a block give columns 0 and 1, words (2, 3) columns 2 and 3. */
function fillNormal(key: Key, row: number, from: number, out: Float32Array): void {
  for (let i = 0, block = -1, made = -1; i < out.length; i++) {
    const column = from + i;
    if (column >>> 1 !== made) {
      made = column >>> 1;
      if (column >>> 2 !== block) {
        block = column >>> 2;
        philox(key, row, block, wordStream, 0, words);
      }
      const first = column & 2;
      boxMuller(words[first] as number, words[first + 1] as number);
    }
    out[i] = pair[column & 1] as number;
  }
}

/** 128 signs a block: bit `column & 31` of word `(column >> 5) & 3`; a set bit is −1. */
function fillRademacher(key: Key, row: number, from: number, out: Float32Array): void {
  for (let i = 0, block = -1; i < out.length; i++) {
    const column = from + i;
    if (column >>> 7 !== block) {
      block = column >>> 7;
      philox(key, row, block, signStream, 0, words);
    }
    out[i] = ((words[(column >>> 5) & 3] as number) >>> (column & 31)) & 1 ? -1 : 1;
  }
}

/**
 * Two words → two independent normals in `pair`: √(−2 ln u)·(cos 2πv, sin 2πv), u in (0, 1], v in [0, 1).
 * The quarter turn is split off exactly, so the polynomials see |angle| ≤ π/4.
 */
function boxMuller(w0: number, w1: number): void {
  const radius = f(Math.sqrt(f(-2 * logarithm(((w0 >>> 8) + 1) * 2 ** -24))));
  const turns = (w1 >>> 8) * 2 ** -22; // in quarter turns, [0, 4)
  const quadrant = Math.floor(turns + 0.5);
  const angle = f((turns - quadrant) * f(Math.PI / 2));
  const square = f(angle * angle);
  const sine = f(f(f(step(step(s0, square, s1), square, s2) * square) * angle) + angle);
  const cosine = f(f(step(step(c0, square, c1), square, c2) * f(square * square)) + f(1 - f(0.5 * square)));
  const swap = (quadrant & 1) === 1;
  const c = swap ? sine : cosine;
  const s = swap ? cosine : sine;
  pair[0] = f(radius * (((quadrant + 1) & 2) !== 0 ? -c : c));
  pair[1] = f(radius * ((quadrant & 2) !== 0 ? -s : s));
}

/** Natural logarithm of a positive float32: x = m·2^e with m in [√½, √2), then a polynomial in m − 1. */
function logarithm(x: number): number {
  asFloat[0] = x;
  const exponent = ((bits[0] as number) - 0x3f3504f3) >> 23;
  bits[0] = (bits[0] as number) - (exponent << 23);
  const z = f((asFloat[0] as number) - 1);
  const square = f(z * z);
  // One long chain of steps: an array of coefficients would take several times as long.
  const head = step(step(step(step(l0, z, l1), z, l2), z, l3), z, l4);
  const p = step(step(step(step(head, z, l5), z, l6), z, l7), z, l8);
  let y = f(f(p * z) * square);
  y = f(y + f(exponent * ln2Low));
  y = f(y - f(0.5 * square));
  return f(f(z + y) + f(exponent * ln2High));
}

/** One step of Horner's rule in float32. */
function step(p: number, x: number, coefficient: number): number {
  return f(f(p * x) + coefficient);
}
