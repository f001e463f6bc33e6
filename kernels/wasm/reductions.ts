// Reductions of [outer, length, inner] over the middle axis. Sums add blocks of a bounded number of elements in float32
// (several accumulators of four lanes), and block totals in float64 along rows, so that errors hardly grow with length.

import { addLanes, exp, firstLanes, storeLanes } from './math';

/** Elements of a row that are added in float32 before the total moves to float64. */
const BLOCK = 1024;
/** Rows that are added in float32 before they join the result of a column. */
const COLUMN_ROWS = 128;
/**
 * The same where each block leaves a row of partial sums, for `reduceSum` to add in order: blocks may then be made in
 * any order and by any thread, with the same bits.
 */
export const BLOCK_ROWS = 64;

export function rowsOfBlock(): i32 {
  return BLOCK_ROWS;
}

// --- along a row ---------------------------------------------------------------------------------------------------

/** Four terms of a sum, from where x and y point; c is a constant of the row. */
abstract class Term {
  abstract of(x: usize, y: usize, c: v128): v128;
}
class Value extends Term {
  @inline of(x: usize, y: usize, c: v128): v128 { return v128.load(x); }
}
class Product extends Term {
  @inline of(x: usize, y: usize, c: v128): v128 { return f32x4.mul(v128.load(x), v128.load(y)); }
}
class SquaredDistance extends Term {
  @inline of(x: usize, y: usize, c: v128): v128 {
    const d = f32x4.sub(v128.load(x), c);
    return f32x4.mul(d, d);
  }
}
class ShiftedExp extends Term {
  @inline of(x: usize, y: usize, c: v128): v128 { return exp(f32x4.sub(v128.load(x), c)); }
}

// @ts-ignore: decorator
@inline
function total<T extends Term>(x: usize, y: usize, constant: f32, n: i32): f64 {
  const c = f32x4.splat(constant);
  let result: f64 = 0;
  while (n > 0) {
    let left = min(n, BLOCK);
    n -= left;
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    while (left >= 16) {
      s0 = f32x4.add(s0, changetype<T>(0).of(x, y, c));
      s1 = f32x4.add(s1, changetype<T>(0).of(x + 16, y + 16, c));
      s2 = f32x4.add(s2, changetype<T>(0).of(x + 32, y + 32, c));
      s3 = f32x4.add(s3, changetype<T>(0).of(x + 48, y + 48, c));
      x += 64;
      y += 64;
      left -= 16;
    }
    while (left > 0) {
      s0 = f32x4.add(s0, v128.and(changetype<T>(0).of(x, y, c), firstLanes(left)));
      x += 16;
      y += 16;
      left -= 4;
    }
    result += addLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  }
  return result;
}

/** Σ x */
export function sumOf(x: usize, n: i32): f64 {
  return total<Value>(x, x, 0, n);
}
/** Σ x⊙y */
export function dotOf(x: usize, y: usize, n: i32): f64 {
  return total<Product>(x, y, 0, n);
}
/** Σ (x − c)² */
export function squaredDistanceOf(x: usize, c: f32, n: i32): f64 {
  return total<SquaredDistance>(x, x, c, n);
}
/** Σ exp(x − c) */
export function sumExpOf(x: usize, c: f32, n: i32): f64 {
  return total<ShiftedExp>(x, x, c, n);
}

/** Σ x², where each x² is added to its column as well. */
export function squaresOfRow(x: usize, columns: usize, n: i32): f64 {
  let result: f64 = 0;
  while (n > 0) {
    let left = min(n, BLOCK);
    n -= left;
    let s0 = f32x4.splat(0);
    let s1 = s0;
    while (left >= 8) {
      const a = v128.load(x);
      const b = v128.load(x, 16);
      const p = f32x4.mul(a, a);
      const q = f32x4.mul(b, b);
      s0 = f32x4.add(s0, p);
      s1 = f32x4.add(s1, q);
      v128.store(columns, f32x4.add(v128.load(columns), p));
      v128.store(columns, f32x4.add(v128.load(columns, 16), q), 16);
      x += 32;
      columns += 32;
      left -= 8;
    }
    while (left > 0) {
      const a = v128.load(x);
      const p = v128.and(f32x4.mul(a, a), firstLanes(left));
      s0 = f32x4.add(s0, p);
      storeLanes(columns, f32x4.add(v128.load(columns), p), left);
      x += 16;
      columns += 16;
      left -= 4;
    }
    result += addLanes(f32x4.add(s0, s1));
  }
  return result;
}

/** How two partial results become one, lane by lane, and what an element is at first; `start` changes nothing. */
abstract class Join {
  abstract of(a: v128, b: v128): v128;
  abstract first(x: v128): v128;
  abstract start(): v128;
}
class Plus extends Join {
  @inline of(a: v128, b: v128): v128 { return f32x4.add(a, b); }
  @inline first(x: v128): v128 { return x; }
  @inline start(): v128 { return f32x4.splat(0); }
}
class PlusSquare extends Join {
  @inline of(a: v128, b: v128): v128 { return f32x4.add(a, b); }
  @inline first(x: v128): v128 { return f32x4.mul(x, x); }
  @inline start(): v128 { return f32x4.splat(0); }
}
/** NaN wins in the maximum and minimum of WebAssembly. */
class Larger extends Join {
  @inline of(a: v128, b: v128): v128 { return f32x4.max(a, b); }
  @inline first(x: v128): v128 { return x; }
  @inline start(): v128 { return f32x4.splat(<f32>-Infinity); }
}
class Smaller extends Join {
  @inline of(a: v128, b: v128): v128 { return f32x4.min(a, b); }
  @inline first(x: v128): v128 { return x; }
  @inline start(): v128 { return f32x4.splat(<f32>Infinity); }
}

// @ts-ignore: decorator
@inline
function extreme<J extends Join>(x: usize, n: i32): f32 {
  const start = changetype<J>(0).start();
  let a = start;
  let b = start;
  let c = start;
  let d = start;
  while (n >= 16) {
    a = changetype<J>(0).of(a, v128.load(x));
    b = changetype<J>(0).of(b, v128.load(x, 16));
    c = changetype<J>(0).of(c, v128.load(x, 32));
    d = changetype<J>(0).of(d, v128.load(x, 48));
    x += 64;
    n -= 16;
  }
  while (n > 0) {
    a = changetype<J>(0).of(a, v128.bitselect(v128.load(x), start, firstLanes(n)));
    x += 16;
    n -= 4;
  }
  a = changetype<J>(0).of(changetype<J>(0).of(a, b), changetype<J>(0).of(c, d));
  a = changetype<J>(0).of(a, v128.shuffle<i64>(a, a, 1, 0));
  a = changetype<J>(0).of(a, v128.shuffle<i32>(a, a, 1, 0, 3, 2));
  return f32x4.extract_lane(a, 0);
}
export function maxOf(x: usize, n: i32): f32 {
  return extreme<Larger>(x, n);
}
function minOf(x: usize, n: i32): f32 {
  return extreme<Smaller>(x, n);
}

// --- down the columns ----------------------------------------------------------------------------------------------

/** x [length, inner] → out [inner], in blocks of rows that stay in the cache while all their columns are visited. */
// @ts-ignore: decorator
@inline
function columns<J extends Join>(x: usize, out: usize, length: i32, inner: i32, stride: i32): void {
  const row = <usize>stride << 2;
  for (let c = 0; c < inner; c += 4) storeLanes(out + (<usize>c << 2), changetype<J>(0).start(), inner - c);
  for (let from = 0; from < length; from += COLUMN_ROWS) {
    const rows = min(COLUMN_ROWS, length - from);
    let c = 0;
    for (; c + 16 <= inner; c += 16) {
      let p = x + (<usize>c << 2);
      let a0 = changetype<J>(0).start();
      let a1 = a0;
      let a2 = a0;
      let a3 = a0;
      for (let r = 0; r < rows; r++) {
        a0 = changetype<J>(0).of(a0, changetype<J>(0).first(v128.load(p)));
        a1 = changetype<J>(0).of(a1, changetype<J>(0).first(v128.load(p, 16)));
        a2 = changetype<J>(0).of(a2, changetype<J>(0).first(v128.load(p, 32)));
        a3 = changetype<J>(0).of(a3, changetype<J>(0).first(v128.load(p, 48)));
        p += row;
      }
      const q = out + (<usize>c << 2);
      v128.store(q, changetype<J>(0).of(v128.load(q), a0));
      v128.store(q, changetype<J>(0).of(v128.load(q, 16), a1), 16);
      v128.store(q, changetype<J>(0).of(v128.load(q, 32), a2), 32);
      v128.store(q, changetype<J>(0).of(v128.load(q, 48), a3), 48);
    }
    for (; c < inner; c += 4) {
      let p = x + (<usize>c << 2);
      let a = changetype<J>(0).start();
      for (let r = 0; r < rows; r++) {
        a = changetype<J>(0).of(a, changetype<J>(0).first(v128.load(p)));
        p += row;
      }
      const q = out + (<usize>c << 2);
      storeLanes(q, changetype<J>(0).of(v128.load(q), a), inner - c);
    }
    x += <usize>rows * row;
  }
}
function sumColumns(x: usize, out: usize, length: i32, inner: i32, stride: i32): void {
  columns<Plus>(x, out, length, inner, stride);
}
function sumSquaresColumns(x: usize, out: usize, length: i32, inner: i32, stride: i32): void {
  columns<PlusSquare>(x, out, length, inner, stride);
}
function maxColumns(x: usize, out: usize, length: i32, inner: i32, stride: i32): void {
  columns<Larger>(x, out, length, inner, stride);
}
function minColumns(x: usize, out: usize, length: i32, inner: i32, stride: i32): void {
  columns<Smaller>(x, out, length, inner, stride);
}

// --- x [outer, length, inner] → out [outer, inner] -----------------------------------------------------------------
// `stride` is how far apart rows are: a range of columns has fewer of them, and one column is no row for that.

export function reduceSum(
  x: usize, out: usize, outer: i32, length: i32, inner: i32, stride: i32,
): void {
  for (let o = 0; o < outer; o++) {
    if (stride == 1) store<f32>(out, <f32>sumOf(x, length));
    else sumColumns(x, out, length, inner, stride);
    x += (<usize>length * inner) << 2;
    out += <usize>inner << 2;
  }
}
export function reduceSumSquares(
  x: usize, out: usize, outer: i32, length: i32, inner: i32, stride: i32,
): void {
  for (let o = 0; o < outer; o++) {
    if (stride == 1) store<f32>(out, <f32>dotOf(x, x, length));
    else sumSquaresColumns(x, out, length, inner, stride);
    x += (<usize>length * inner) << 2;
    out += <usize>inner << 2;
  }
}
export function reduceMax(
  x: usize, out: usize, outer: i32, length: i32, inner: i32, stride: i32,
): void {
  for (let o = 0; o < outer; o++) {
    if (stride == 1) store<f32>(out, maxOf(x, length));
    else maxColumns(x, out, length, inner, stride);
    x += (<usize>length * inner) << 2;
    out += <usize>inner << 2;
  }
}
export function reduceMin(
  x: usize, out: usize, outer: i32, length: i32, inner: i32, stride: i32,
): void {
  for (let o = 0; o < outer; o++) {
    if (stride == 1) store<f32>(out, minOf(x, length));
    else minColumns(x, out, length, inner, stride);
    x += (<usize>length * inner) << 2;
    out += <usize>inner << 2;
  }
}

/** int32 position of the first largest element along the middle axis; a NaN counts as largest. */
export function argmax(x: usize, out: usize, outer: i32, length: i32, inner: i32): void {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      store<i32>(out, firstLargest(x + (<usize>i << 2), length, <usize>inner << 2));
      out += 4;
    }
    x += (<usize>length * inner) << 2;
  }
}
function firstLargest(x: usize, length: i32, bytes: usize): i32 {
  let best = load<f32>(x);
  let at = 0;
  for (let l = 1; l < length && best == best; l++) {
    x += bytes;
    const value = load<f32>(x);
    if (value > best || value != value) {
      best = value;
      at = l;
    }
  }
  return at;
}
