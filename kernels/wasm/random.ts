// Random matrices as functions of a key: `src/base/distribution.ts` in SIMD, the same bits. Four lanes are four
// neighbouring blocks of one row, so rows are written front to back. Only exactly rounded operations in a fixed order.

import { at, interleaveHigh, interleaveLow, LOGARITHM, stepWith, storeLanes } from './math';
import { RANDOM_COLUMNS as COLUMNS, randomScratch } from './workspace';

/** Values of `kind`, as `codeOf` in `src/backend/wasm/random.ts` gives them. */
const UNIFORM: i32 = 0;
const NORMAL: i32 = 1;
const RADEMACHER: i32 = 2;
/** And upwards: entries that are not zero with the chance (kind − SPARSE)·2⁻²⁴. */
const SPARSE: i32 = 3;

/** Counter (row, column block, stream, 0). */
const WORD_STREAM: i32 = 0;
const SIGN_STREAM: i32 = 1;

const ROUNDS: i32 = 10;
/** One turn of the generator makes eight blocks of four words: 32 columns, or the signs of 1024. */
const WORD_BYTES: usize = COLUMNS << 2;

/**
 * Rows [row, row + rows), columns [from, from + columns) of the matrix of a key, times `scale`, into out, whose rows
 * start `stride` elements apart. `from` is a multiple of 4.
 */
export function randomFill(
  kind: i32, key0: i32, key1: i32, scale: f32, row: i32, rows: i32, from: i32, columns: i32,
  out: usize, stride: i32,
): void {
  const words = randomScratch;
  const beyond = words + WORD_BYTES;
  const keys = beyond + WORD_BYTES;
  storeKeys(key0, key1, keys);
  for (let r = 0; r < rows; r++) {
    if (kind == RADEMACHER) fillSigns(keys, scale, row + r, from, columns, out, words);
    else fillWords(kind, keys, scale, row + r, from, columns, out, words, beyond);
    out += <usize>stride << 2;
  }
}

/** A number of each word. */
function fillWords(
  kind: i32, keys: usize, scale: f32, row: i32, from: i32, columns: i32, out: usize, words: usize, beyond: usize,
): void {
  const s = f32x4.splat(scale);
  for (let done = 0; done < columns; done += COLUMNS) {
    philox(keys, row, (from + done) >>> 2, WORD_STREAM, words);
    const whole = columns - done >= COLUMNS;
    const to = whole ? out : beyond;
    if (kind == NORMAL) normals(words, s, to);
    else if (kind == UNIFORM) uniforms(words, s, to);
    else sparse(words, kind - SPARSE, s, to);
    if (!whole) memory.copy(out, beyond, <usize>(columns - done) << 2);
    out += WORD_BYTES;
  }
}

/** A sign of each bit: a set one is −1. 32 columns share a word, and a turn of the generator gives 1024. */
function fillSigns(keys: usize, scale: f32, row: i32, from: i32, columns: i32, out: usize, words: usize): void {
  const s = f32x4.splat(scale);
  const minus = i32x4.splat(0x80000000);
  const end = from + columns;
  let made = -1;
  for (let column = from; column < end; column += 4) {
    if (column >>> 10 != made) {
      made = column >>> 10;
      philox(keys, row, made << 3, SIGN_STREAM, words);
    }
    const word = v128.load32_splat(words + wordOf((column >>> 5) & 31));
    const bits = v128.and(word, i32x4.shl(i32x4(1, 2, 4, 8), column & 31));
    const signs = v128.and(i32x4.ne(bits, i32x4.splat(0)), minus);
    storeLanes(out, v128.xor(s, signs), end - column);
    out += 16;
  }
}

// --- integers ------------------------------------------------------------------------------------------------------

/** The keys of all rounds, (key0, key1) of each. */
function storeKeys(key0: i32, key1: i32, keys: usize): void {
  for (let round = 0; round < ROUNDS; round++) {
    store<i32>(keys, key0);
    store<i32>(keys, key1, 4);
    key0 += 0x9e3779b9;
    key1 += 0xbb67ae85;
    keys += 8;
  }
}

/**
 * Philox4x32-10 of the counters (row, block…block + 7, stream, 0): word j of blocks 0 to 3 at 16·j, of blocks 4 to 7 at
 * 64 + 16·j. One group of four has to wait for its products; two keep the multipliers busy.
 */
function philox(keys: usize, row: i32, block: i32, stream: i32, words: usize): void {
  const multiplier0 = i32x4.splat(0xd2511f53);
  const multiplier1 = i32x4.splat(0xcd9e8d57);
  // All blocks share row and stream, so the first round takes two products of numbers.
  const product0 = <u64>(<u32>row) * 0xd2511f53;
  const product1 = <u64>(<u32>stream) * 0xcd9e8d57;
  const blocks = i32x4.add(i32x4.splat(block), i32x4(0, 1, 2, 3));
  const first = i32x4.splat(<i32>(product1 >> 32) ^ load<i32>(keys));
  let a0 = v128.xor(first, blocks);
  let a1 = i32x4.splat(<i32>product1);
  let a2 = i32x4.splat(<i32>(product0 >> 32) ^ load<i32>(keys, 4));
  let a3 = i32x4.splat(<i32>product0);
  let b0 = v128.xor(first, i32x4.add(blocks, i32x4.splat(4)));
  let b1 = a1;
  let b2 = a2;
  let b3 = a3;
  const end = keys + (ROUNDS << 3);
  keys += 8;
  while (keys < end) {
    const key0 = v128.load32_splat(keys);
    const key1 = v128.load32_splat(keys, 4);
    let even0 = i64x2.extmul_low_i32x4_u(a0, multiplier0);
    let odd0 = i64x2.extmul_high_i32x4_u(a0, multiplier0);
    let even1 = i64x2.extmul_low_i32x4_u(a2, multiplier1);
    let odd1 = i64x2.extmul_high_i32x4_u(a2, multiplier1);
    a0 = v128.xor(v128.xor(highWords(even1, odd1), a1), key0);
    a2 = v128.xor(v128.xor(highWords(even0, odd0), a3), key1);
    a1 = lowWords(even1, odd1);
    a3 = lowWords(even0, odd0);
    even0 = i64x2.extmul_low_i32x4_u(b0, multiplier0);
    odd0 = i64x2.extmul_high_i32x4_u(b0, multiplier0);
    even1 = i64x2.extmul_low_i32x4_u(b2, multiplier1);
    odd1 = i64x2.extmul_high_i32x4_u(b2, multiplier1);
    b0 = v128.xor(v128.xor(highWords(even1, odd1), b1), key0);
    b2 = v128.xor(v128.xor(highWords(even0, odd0), b3), key1);
    b1 = lowWords(even1, odd1);
    b3 = lowWords(even0, odd0);
    keys += 8;
  }
  storeFour(words, a0, a1, a2, a3);
  storeFour(words + 64, b0, b1, b2, b3);
}

/** The upper halves of four products. */
// @ts-ignore: decorator
@inline
function highWords(even: v128, odd: v128): v128 {
  return v128.shuffle<i32>(even, odd, 1, 3, 5, 7);
}
// @ts-ignore: decorator
@inline
function lowWords(even: v128, odd: v128): v128 {
  return v128.shuffle<i32>(even, odd, 0, 2, 4, 6);
}

// @ts-ignore: decorator
@inline
function storeFour(out: usize, x0: v128, x1: v128, x2: v128, x3: v128): void {
  v128.store(out, x0);
  v128.store(out, x1, 16);
  v128.store(out, x2, 32);
  v128.store(out, x3, 48);
}

/** Where `philox` left word i of its row. */
// @ts-ignore: decorator
@inline
function wordOf(i: i32): usize {
  return <usize>(((i >>> 4) << 6) | ((i & 3) << 4) | (((i >>> 2) & 3) << 2));
}

// --- numbers -------------------------------------------------------------------------------------------------------

/** Lane b of x and y are columns 0 and 1 of block b; columns of a block are neighbours. */
// @ts-ignore: decorator
@inline
function storePairs(out: usize, x: v128, y: v128): void {
  const low = interleaveLow(x, y);
  const high = interleaveHigh(x, y);
  v128.store64_lane(out, low, 0);
  v128.store64_lane(out, low, 1, 16);
  v128.store64_lane(out, high, 0, 32);
  v128.store64_lane(out, high, 1, 48);
}

/** Units of u and of the angle, and −2; then sine and cosine of Cephes, ½ and 1. */
const CIRCLE: usize = memory.data<f32>([
  5.9604644775390625e-8, -2, 1.5707963267948966 * 2.384185791015625e-7,
  -1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1,
  2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2, 0.5, 1,
]);

/**
 * Box-Muller: words (0, 1) and (2, 3) of each block are a pair, √(−2 ln u)·(cos 2πv, sin 2πv) with u in (0, 1] from the
 * first and v in [0, 1) from the second. Both parts work on two vectors side by side, x and y, so that a constant is read
 * once for both and neither waits for its own result.
 */
function normals(words: usize, scale: v128, out: usize): void {
  for (let group: usize = 0; group < WORD_BYTES; group += 64) {
    radii(words + group);
    circle(words + group, scale, out + group);
  }
}

/** √(−2 ln u) in place of the first words; the logarithm takes the steps of `logNormal`. */
function radii(words: usize): void {
  const one = i32x4.splat(1);
  const unit = at(CIRCLE, 0);
  const x = f32x4.mul(f32x4.convert_i32x4_s(i32x4.add(i32x4.shr_u(v128.load(words), 8), one)), unit);
  const y = f32x4.mul(f32x4.convert_i32x4_s(i32x4.add(i32x4.shr_u(v128.load(words, 32), 8), one)), unit);
  const root = i32x4.splat(0x3f3504f3);
  const ex = i32x4.shr_s(i32x4.sub(x, root), 23);
  const ey = i32x4.shr_s(i32x4.sub(y, root), 23);
  let c = at(LOGARITHM, 12);
  const zx = f32x4.sub(i32x4.sub(x, i32x4.shl(ex, 23)), c);
  const zy = f32x4.sub(i32x4.sub(y, i32x4.shl(ey, 23)), c);
  let px = at(LOGARITHM, 0);
  let py = px;
  c = at(LOGARITHM, 1);
  px = stepWith(px, zx, c);
  py = stepWith(py, zy, c);
  c = at(LOGARITHM, 2);
  px = stepWith(px, zx, c);
  py = stepWith(py, zy, c);
  c = at(LOGARITHM, 3);
  px = stepWith(px, zx, c);
  py = stepWith(py, zy, c);
  c = at(LOGARITHM, 4);
  px = stepWith(px, zx, c);
  py = stepWith(py, zy, c);
  c = at(LOGARITHM, 5);
  px = stepWith(px, zx, c);
  py = stepWith(py, zy, c);
  c = at(LOGARITHM, 6);
  px = stepWith(px, zx, c);
  py = stepWith(py, zy, c);
  c = at(LOGARITHM, 7);
  px = stepWith(px, zx, c);
  py = stepWith(py, zy, c);
  c = at(LOGARITHM, 8);
  px = stepWith(px, zx, c);
  py = stepWith(py, zy, c);
  const sx = f32x4.mul(zx, zx);
  const sy = f32x4.mul(zy, zy);
  const nx = f32x4.convert_i32x4_s(ex);
  const ny = f32x4.convert_i32x4_s(ey);
  c = at(LOGARITHM, 9);
  let lx = f32x4.add(f32x4.mul(f32x4.mul(px, zx), sx), f32x4.mul(nx, c));
  let ly = f32x4.add(f32x4.mul(f32x4.mul(py, zy), sy), f32x4.mul(ny, c));
  c = at(LOGARITHM, 11);
  lx = f32x4.sub(lx, f32x4.mul(c, sx));
  ly = f32x4.sub(ly, f32x4.mul(c, sy));
  c = at(LOGARITHM, 10);
  lx = f32x4.add(f32x4.add(zx, lx), f32x4.mul(nx, c));
  ly = f32x4.add(f32x4.add(zy, ly), f32x4.mul(ny, c));
  c = at(CIRCLE, 1);
  v128.store(words, f32x4.sqrt(f32x4.mul(c, lx)));
  v128.store(words, f32x4.sqrt(f32x4.mul(c, ly)), 32);
}

/**
 * The radii times cosine and sine. Of the second word plus 2²⁹ the top two bits are the number of quarter turns, rounded
 * to the nearest, and what is left of the word is an angle of at most an eighth of a turn.
 */
function circle(words: usize, scale: v128, out: usize): void {
  const x = v128.load(words, 16);
  const y = v128.load(words, 48);
  let c = at(CIRCLE, 2);
  const ax = f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.shl(x, 2), 10)), c);
  const ay = f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.shl(y, 2), 10)), c);
  const sx = f32x4.mul(ax, ax);
  const sy = f32x4.mul(ay, ay);
  let px = at(CIRCLE, 3);
  let py = px;
  c = at(CIRCLE, 4);
  px = stepWith(px, sx, c);
  py = stepWith(py, sy, c);
  c = at(CIRCLE, 5);
  px = stepWith(px, sx, c);
  py = stepWith(py, sy, c);
  const sineX = f32x4.add(f32x4.mul(f32x4.mul(px, sx), ax), ax);
  const sineY = f32x4.add(f32x4.mul(f32x4.mul(py, sy), ay), ay);
  let qx = at(CIRCLE, 6);
  let qy = qx;
  c = at(CIRCLE, 7);
  qx = stepWith(qx, sx, c);
  qy = stepWith(qy, sy, c);
  c = at(CIRCLE, 8);
  qx = stepWith(qx, sx, c);
  qy = stepWith(qy, sy, c);
  const half = at(CIRCLE, 9);
  c = at(CIRCLE, 10);
  const cosineX = f32x4.add(f32x4.mul(qx, f32x4.mul(sx, sx)), f32x4.sub(c, f32x4.mul(half, sx)));
  const cosineY = f32x4.add(f32x4.mul(qy, f32x4.mul(sy, sy)), f32x4.sub(c, f32x4.mul(half, sy)));
  turn(x, v128.load(words), cosineX, sineX, scale, out);
  turn(y, v128.load(words, 32), cosineY, sineY, scale, out + 8);
}

/** Cosine and sine of an angle, turned by the quarters that word w says, times radius and scale. */
// @ts-ignore: decorator
@inline
function turn(w: v128, radius: v128, cosine: v128, sine: v128, scale: v128, out: usize): void {
  const quarters = i32x4.add(w, i32x4.splat(0x20000000));
  const odd = i32x4.shr_s(i32x4.shl(quarters, 1), 31);
  const swap = v128.and(v128.xor(sine, cosine), odd);
  const minus = i32x4.splat(0x80000000);
  const c = v128.xor(v128.xor(cosine, swap), v128.and(i32x4.add(quarters, i32x4.splat(0x40000000)), minus));
  const s = v128.xor(v128.xor(sine, swap), v128.and(quarters, minus));
  storePairs(out, f32x4.mul(f32x4.mul(radius, c), scale), f32x4.mul(f32x4.mul(radius, s), scale));
}

/** 24 bits of each word as a number in [0, 1). */
function uniforms(words: usize, scale: v128, out: usize): void {
  for (let group: usize = 0; group < WORD_BYTES; group += 64) {
    for (let at: usize = 0; at < 64; at += 32) {
      const x = uniform(v128.load(words + group + at));
      const y = uniform(v128.load(words + group + at, 16));
      storePairs(out + group + (at >>> 2), f32x4.mul(x, scale), f32x4.mul(y, scale));
    }
  }
}

// @ts-ignore: decorator
@inline
function uniform(word: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(word, 8)), at(CIRCLE, 0));
}

/** `scale` where the 24 bits are below half of `chance`, −`scale` where they are below the whole of it, else 0. */
function sparse(words: usize, chance: i32, scale: v128, out: usize): void {
  const any = i32x4.splat(chance);
  const positive = i32x4.splat((chance + 1) >> 1);
  for (let group: usize = 0; group < WORD_BYTES; group += 64) {
    for (let at: usize = 0; at < 64; at += 32) {
      const x = signOrZero(v128.load(words + group + at), any, positive, scale);
      const y = signOrZero(v128.load(words + group + at, 16), any, positive, scale);
      storePairs(out + group + (at >>> 2), x, y);
    }
  }
}

// @ts-ignore: decorator
@inline
function signOrZero(word: v128, any: v128, positive: v128, scale: v128): v128 {
  const bits = i32x4.shr_u(word, 8);
  const minus = v128.andnot(i32x4.splat(0x80000000), i32x4.lt_s(bits, positive));
  return v128.and(v128.xor(scale, minus), i32x4.lt_s(bits, any));
}
