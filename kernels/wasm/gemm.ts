// C = A·B, after Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008).
// 2·m·n·k flops; float32, summed over runs of KC and then over the runs, in a fixed order: an element of C has the same
// bits whichever rows and columns are computed along with it, on condition that they take the same of the paths below.
//
// `packed`: each operand is read once into panels of MR rows (A) or NR columns (B), element after element along k.
// Packing deals with transposes, edges (zeros) and operands that are generated instead of read; the tile kernel sees
// panels only. `direct`: where A is used too few times to earn its packing, tiles read it where it lies, and B too where
// its rows are dense. `dots`: a vector times a matrix, both of them along k.
// A "lane" is a row of A or a column of B, "depth" is the position along k.

import { interleaveHigh, interleaveLow, joinHigh, joinLow } from './math';
import { RANDOM_SCRATCH, randomFill } from './random';
import { dotOf } from './reduce';

/** Tile rows: 6 need the fused multiply-add of the relaxed build; without it the accumulators spill. */
const MR: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;
const NR: i32 = 8;
/** Block sizes: a panel pair in L1, A's block (96 KiB) in L2, B's block (1 MiB) in L3. Results are flat around them. */
const KC: i32 = 256;
const MC: i32 = 96;
const NC: i32 = 1024;

const A_BYTES: usize = MC * KC * 4;
const B_BYTES: usize = KC * NC * 4;
const TILE_ROW: usize = NR * 4;
const TILE_BYTES: usize = 6 * TILE_ROW;
/** A generated operand is made in slabs of SLAB lanes: a multiple of MR, NR and 16. */
const SLAB: i32 = 96;
const SLAB_BYTES: usize = SLAB * KC * 4;

/** Bytes of workspace that products need. */
export function workspaceBytes(): usize {
  return A_BYTES + B_BYTES + TILE_BYTES + TILE_ROW + SLAB_BYTES + RANDOM_SCRATCH;
}

/** Globals belong to an instance: each thread has an instance of its own over the same memory, and its own workspace. */
let aPanels: usize = 0;
let bPanels: usize = 0;
let tile: usize = 0;
let zeros: usize = 0;
let slab: usize = 0;

/** Where this instance's workspace lies. */
export function setWorkspace(at: usize): void {
  aPanels = at;
  bPanels = aPanels + A_BYTES;
  tile = bPanels + B_BYTES;
  zeros = tile + TILE_BYTES;
  slab = zeros + TILE_ROW;
  memory.fill(zeros, 0, TILE_ROW);
}

/** How a product is computed; the caller chooses by `gemmPath` for the whole product and may then split it. */
const PACKED: i32 = 0;
export const DIRECT: i32 = 1;
const DOTS: i32 = 2;

/** Up to so many columns, packing A costs more than the slower tile that reads it in place. */
const FEW_COLUMNS: i32 = 32;
/** Up to so many rows, packing a dense B costs more than reading it in place. */
const FEW_ROWS: i32 = 16;
/** Rows of a transposed A that are read in place: more of them lie too far apart for the cache. */
const FEW_LANES: i32 = 256;

/** The path for a product of this size and layout. */
export function gemmPath(aDepth: i32, bLane: i32, bDepth: i32, m: i32, n: i32): i32 {
  if ((m == 1 || n == 1) && aDepth == 1 && bDepth == 1) return DOTS;
  if (m <= FEW_ROWS && bLane == 1) return DIRECT;
  return n <= FEW_COLUMNS && (aDepth == 1 || m <= FEW_LANES) ? DIRECT : PACKED;
}

/**
 * c [m, n], whose rows are `cRow` elements apart, = A [m, k]·B [k, n] + what is at `start`, if anything: rows of numbers
 * `startRow` elements apart (0: the same row again, a bias; c itself: accumulation). Element (lane, depth) of A is at
 * a + lane·aLane + depth·aDepth, that of B at b + lane·bLane + depth·bDepth; one of the two strides is 1.
 */
export function gemm(
  path: i32, a: usize, aLane: i32, aDepth: i32, b: usize, bLane: i32, bDepth: i32, c: usize, cRow: i32,
  m: i32, n: i32, k: i32, start: usize, startRow: i32,
): void {
  if (k == 0) return fillRows(c, cRow, m, n, start, startRow);
  if (path == DOTS) dots(a, aLane, b, bLane, c, cRow, m, n, k, start, startRow);
  else if (path == DIRECT) direct(a, aLane, aDepth, b, bLane, bDepth, c, cRow, m, n, k, start, startRow);
  else packed(a, aLane, aDepth, b, bLane, bDepth, c, cRow, m, n, k, start, startRow, 0, 0, 0, 0);
}

/** `gemm` for `count` products, whose operands and results begin so many bytes apart. */
export function gemmBatch(
  count: i32, aStep: usize, bStep: usize, cStep: usize,
  path: i32, a: usize, aLane: i32, aDepth: i32, b: usize, bLane: i32, bDepth: i32, c: usize, cRow: i32,
  m: i32, n: i32, k: i32, start: usize, startRow: i32,
): void {
  for (let i = 0; i < count; i++) {
    gemm(path, a, aLane, aDepth, b, bLane, bDepth, c, cRow, m, n, k, start, startRow);
    a += aStep;
    b += bStep;
    c += cStep;
  }
}

/**
 * As `gemm`, where the operand at address 0 is the random matrix of `kind`, (key0, key1) and `scale`; its
 * lanes run along its columns when its lane stride is 1, and along its rows otherwise.
 */
export function gemmRandom(
  a: usize, aLane: i32, aDepth: i32, b: usize, bLane: i32, bDepth: i32, c: usize, cRow: i32, m: i32, n: i32, k: i32,
  kind: i32, key0: i32, key1: i32, scale: f32,
): void {
  if (k == 0) return fillRows(c, cRow, m, n, 0, 0);
  packed(a, aLane, aDepth, b, bLane, bDepth, c, cRow, m, n, k, 0, 0, kind, key0, key1, scale);
}

/** A product over nothing. */
function fillRows(c: usize, cRow: i32, m: i32, n: i32, start: usize, startRow: i32): void {
  for (let i = 0; i < m; i++) {
    if (start) memory.copy(c, start, <usize>n << 2);
    else memory.fill(c, 0, <usize>n << 2);
    c += <usize>cRow << 2;
    start += <usize>startRow << 2;
  }
}

// @ts-ignore: decorator
@inline
function offset(lane: i32, laneStride: i32, depth: i32, depthStride: i32): usize {
  return (<usize>lane * laneStride + <usize>depth * depthStride) << 2;
}

// --- packed ----------------------------------------------------------------------------------------------------------

function packed(
  a: usize, aLane: i32, aDepth: i32, b: usize, bLane: i32, bDepth: i32, c: usize, cRow: i32, m: i32, n: i32, k: i32,
  start: usize, startRow: i32, kind: i32, key0: i32, key1: i32, scale: f32,
): void {
  for (let j = 0; j < n; j += NC) {
    const nc = min(NC, n - j);
    for (let l = 0; l < k; l += KC) {
      const kc = min(KC, k - l);
      if (b) packB(b + offset(j, bLane, l, bDepth), bLane, bDepth, nc, kc, bPanels);
      else packRandomB(kind, key0, key1, scale, bLane == 1, j, nc, l, kc, bPanels, slab);
      for (let i = 0; i < m; i += MC) {
        const mc = min(MC, m - i);
        if (a) packA(a + offset(i, aLane, l, aDepth), aLane, aDepth, mc, kc, aPanels);
        else packRandomA(kind, key0, key1, scale, aLane == 1, i, mc, l, kc, aPanels, slab);
        const to = c + offset(i, cRow, j, 1);
        if (l > 0) block(to, cRow, mc, nc, kc, to, cRow);
        else block(to, cRow, mc, nc, kc, start ? start + offset(i, startRow, j, 1) : 0, startRow);
      }
    }
  }
}

/** c [mc, nc] = start + packed A block · packed B block */
function block(c: usize, cRow: i32, mc: i32, nc: i32, kc: i32, start: usize, startRow: i32): void {
  for (let j = 0; j < nc; j += NR) {
    const bPanel = bPanels + ((<usize>j * kc) << 2);
    for (let i = 0; i < mc; i += MR) {
      const aPanel = aPanels + ((<usize>i * kc) << 2);
      const to = c + offset(i, cRow, j, 1);
      const from = start ? start + offset(i, startRow, j, 1) : zeros;
      const fromBytes = start ? <usize>startRow << 2 : 0;
      const rows = mc - i;
      const columns = nc - j;
      if (rows >= MR && columns >= NR) multiplyTile(aPanel, bPanel, kc, from, fromBytes, to, <usize>cRow << 2);
      else {
        copyTile(from, fromBytes, tile, TILE_ROW, rows, columns, MR);
        multiplyTile(aPanel, bPanel, kc, tile, TILE_ROW, tile, TILE_ROW);
        copyTile(tile, TILE_ROW, to, <usize>cRow << 2, rows, columns, MR);
      }
    }
  }
}

/** The part of an edge tile that exists. */
function copyTile(
  from: usize, fromBytes: usize, to: usize, toBytes: usize, rows: i32, columns: i32, height: i32,
): void {
  rows = min(rows, height);
  columns = min(columns, NR);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) store<f32>(to + (<usize>j << 2), load<f32>(from + (<usize>j << 2)));
    from += fromBytes;
    to += toBytes;
  }
}

// --- direct: 4×NR tiles on operands where they lie -------------------------------------------------------------------

/** Depths that a direct tile adds up at once: enough to follow a row of A for a while, few enough for B to stay cached. */
const DIRECT_KC: i32 = 512;

function direct(
  a: usize, aLane: i32, aDepth: i32, b: usize, bLane: i32, bDepth: i32, c: usize, cRow: i32, m: i32, n: i32, k: i32,
  start: usize, startRow: i32,
): void {
  for (let l = 0; l < k; l += DIRECT_KC) {
    const kc = min(DIRECT_KC, k - l);
    if (bLane != 1) packB(b + offset(0, bLane, l, bDepth), bLane, bDepth, n, kc, bPanels);
    const from = l > 0 ? c : start;
    const fromRow = l > 0 ? cRow : startRow;
    for (let j = 0; j < n; j += NR) {
      const bTile = bLane == 1 ? b + offset(j, 1, l, bDepth) : bPanels + ((<usize>j * kc) << 2);
      const bStep = bLane == 1 ? <usize>bDepth << 2 : NR << 2;
      for (let i = 0; i < m; i += 4) {
        const aTile = a + offset(i, aLane, l, aDepth);
        const to = c + offset(i, cRow, j, 1);
        const tileStart = from ? from + offset(i, fromRow, j, 1) : zeros;
        const startBytes = from ? <usize>fromRow << 2 : 0;
        const rows = m - i;
        const columns = n - j;
        if (rows >= 4 && columns >= NR) {
          directTile(aTile, aLane, aDepth, 4, bTile, bStep, kc, tileStart, startBytes, to, <usize>cRow << 2);
        } else {
          copyTile(tileStart, startBytes, tile, TILE_ROW, rows, columns, 4);
          directTile(aTile, aLane, aDepth, rows, bTile, bStep, kc, tile, TILE_ROW, tile, TILE_ROW);
          copyTile(tile, TILE_ROW, to, <usize>cRow << 2, rows, columns, 4);
        }
      }
    }
  }
}

/** c [4, NR] = 4 lanes of A, `lanes` of which exist (a missing one is read as the last that does) · NR columns of B. */
function directTile(
  a: usize, aLane: i32, aDepth: i32, lanes: i32, b: usize, bStep: usize, kc: i32,
  start: usize, startBytes: usize, c: usize, rowBytes: usize,
): void {
  const aStep = <usize>aDepth << 2;
  const lane = <usize>aLane << 2;
  let p1 = lanes > 1 ? a + lane : a;
  let p2 = lanes > 2 ? p1 + lane : p1;
  let p3 = lanes > 3 ? p2 + lane : p2;
  let x0 = v128.load(start);
  let y0 = v128.load(start, 16);
  start += startBytes;
  let x1 = v128.load(start);
  let y1 = v128.load(start, 16);
  start += startBytes;
  let x2 = v128.load(start);
  let y2 = v128.load(start, 16);
  start += startBytes;
  let x3 = v128.load(start);
  let y3 = v128.load(start, 16);
  const end = b + <usize>kc * bStep;
  while (b < end) {
    const bx = v128.load(b);
    const by = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    x0 = multiplyAdd(a0, bx, x0);
    y0 = multiplyAdd(a0, by, y0);
    const a1 = v128.load32_splat(p1);
    x1 = multiplyAdd(a1, bx, x1);
    y1 = multiplyAdd(a1, by, y1);
    const a2 = v128.load32_splat(p2);
    x2 = multiplyAdd(a2, bx, x2);
    y2 = multiplyAdd(a2, by, y2);
    const a3 = v128.load32_splat(p3);
    x3 = multiplyAdd(a3, bx, x3);
    y3 = multiplyAdd(a3, by, y3);
    a += aStep;
    p1 += aStep;
    p2 += aStep;
    p3 += aStep;
    b += bStep;
  }
  put(c, x0, y0);
  c += rowBytes;
  put(c, x1, y1);
  c += rowBytes;
  put(c, x2, y2);
  c += rowBytes;
  put(c, x3, y3);
}

// --- dots ------------------------------------------------------------------------------------------------------------

/** A product with one row or column whose operands both lie along k: packing would cost more than the work. */
function dots(
  a: usize, aLane: i32, b: usize, bLane: i32, c: usize, cRow: i32, m: i32, n: i32, k: i32, start: usize, startRow: i32,
): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const x = <f32>dotOf(a + offset(i, aLane, 0, 0), b + offset(j, bLane, 0, 0), k);
      store<f32>(c + offset(i, cRow, j, 1), start ? load<f32>(start + offset(i, startRow, j, 1)) + x : x);
    }
  }
}

// --- the tile kernel -----------------------------------------------------------------------------------------------

/** sum + x·y: fused in the relaxed build, two roundings in the baseline. */
// @ts-ignore: decorator
@inline
function multiplyAdd(x: v128, y: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(x, y, sum);
  return f32x4.add(sum, f32x4.mul(x, y));
}

// @ts-ignore: decorator
@inline
function put(c: usize, x: v128, y: v128): void {
  v128.store(c, x);
  v128.store(c, y, 16);
}

/**
 * c [MR, NR] = panel a [kc, MR] · panel b [kc, NR]. A function of its own, called often, so that it is optimized early.
 * On Node 20 its speed hangs on its shape: the loop is tested at the top and not unrolled, and what follows are plain
 * stores (adding to c is left to `addTile`); other forms ran at half the speed.
 */
function multiplyTile(
  a: usize, b: usize, kc: i32, start: usize, startBytes: usize, c: usize, rowBytes: usize,
): void {
  if (MR == 6) tile6(a, b, kc, start, startBytes, c, rowBytes);
  else tile4(a, b, kc, start, startBytes, c, rowBytes);
}

// @ts-ignore: decorator
@inline
function tile4(
  a: usize, b: usize, kc: i32, start: usize, startBytes: usize, c: usize, rowBytes: usize,
): void {
  let x0 = v128.load(start);
  let y0 = v128.load(start, 16);
  start += startBytes;
  let x1 = v128.load(start);
  let y1 = v128.load(start, 16);
  start += startBytes;
  let x2 = v128.load(start);
  let y2 = v128.load(start, 16);
  start += startBytes;
  let x3 = v128.load(start);
  let y3 = v128.load(start, 16);
  const end = a + (<usize>kc << 4);
  while (a < end) {
    const bx = v128.load(b);
    const by = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    x0 = multiplyAdd(a0, bx, x0);
    y0 = multiplyAdd(a0, by, y0);
    const a1 = v128.load32_splat(a, 4);
    x1 = multiplyAdd(a1, bx, x1);
    y1 = multiplyAdd(a1, by, y1);
    const a2 = v128.load32_splat(a, 8);
    x2 = multiplyAdd(a2, bx, x2);
    y2 = multiplyAdd(a2, by, y2);
    const a3 = v128.load32_splat(a, 12);
    x3 = multiplyAdd(a3, bx, x3);
    y3 = multiplyAdd(a3, by, y3);
    a += 16;
    b += 32;
  }
  put(c, x0, y0);
  c += rowBytes;
  put(c, x1, y1);
  c += rowBytes;
  put(c, x2, y2);
  c += rowBytes;
  put(c, x3, y3);
}

// @ts-ignore: decorator
@inline
function tile6(
  a: usize, b: usize, kc: i32, start: usize, startBytes: usize, c: usize, rowBytes: usize,
): void {
  let x0 = v128.load(start);
  let y0 = v128.load(start, 16);
  start += startBytes;
  let x1 = v128.load(start);
  let y1 = v128.load(start, 16);
  start += startBytes;
  let x2 = v128.load(start);
  let y2 = v128.load(start, 16);
  start += startBytes;
  let x3 = v128.load(start);
  let y3 = v128.load(start, 16);
  start += startBytes;
  let x4 = v128.load(start);
  let y4 = v128.load(start, 16);
  start += startBytes;
  let x5 = v128.load(start);
  let y5 = v128.load(start, 16);
  const end = a + <usize>kc * 24;
  while (a < end) {
    const bx = v128.load(b);
    const by = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    x0 = multiplyAdd(a0, bx, x0);
    y0 = multiplyAdd(a0, by, y0);
    const a1 = v128.load32_splat(a, 4);
    x1 = multiplyAdd(a1, bx, x1);
    y1 = multiplyAdd(a1, by, y1);
    const a2 = v128.load32_splat(a, 8);
    x2 = multiplyAdd(a2, bx, x2);
    y2 = multiplyAdd(a2, by, y2);
    const a3 = v128.load32_splat(a, 12);
    x3 = multiplyAdd(a3, bx, x3);
    y3 = multiplyAdd(a3, by, y3);
    const a4 = v128.load32_splat(a, 16);
    x4 = multiplyAdd(a4, bx, x4);
    y4 = multiplyAdd(a4, by, y4);
    const a5 = v128.load32_splat(a, 20);
    x5 = multiplyAdd(a5, bx, x5);
    y5 = multiplyAdd(a5, by, y5);
    a += 24;
    b += 32;
  }
  put(c, x0, y0);
  c += rowBytes;
  put(c, x1, y1);
  c += rowBytes;
  put(c, x2, y2);
  c += rowBytes;
  put(c, x3, y3);
  c += rowBytes;
  put(c, x4, y4);
  c += rowBytes;
  put(c, x5, y5);
}

// --- packing: [lanes, depth] → panels of `width` lanes, each [depth, width], missing lanes 0 -------------------------

function packA(x: usize, laneStride: i32, depthStride: i32, lanes: i32, depth: i32, out: usize): void {
  pack(x, laneStride, depthStride, lanes, depth, out, MR);
}
function packB(x: usize, laneStride: i32, depthStride: i32, lanes: i32, depth: i32, out: usize): void {
  pack(x, laneStride, depthStride, lanes, depth, out, NR);
}

// @ts-ignore: decorator
@inline
function pack(x: usize, laneStride: i32, depthStride: i32, lanes: i32, depth: i32, out: usize, width: i32): void {
  const panel = (<usize>depth * width) << 2;
  let lane = 0;
  if (laneStride == 1) {
    // A group of panels at a time, so that each cache line of x is read once.
    const group = width == 8 ? 4 : 8;
    for (; lane + group * width <= lanes; lane += group * width) {
      packGroup(x + (<usize>lane << 2), depthStride, depth, out, panel, width, group);
      out += group * panel;
    }
  }
  for (; lane < lanes; lane += width) {
    const from = x + ((<usize>lane * laneStride) << 2);
    if (lanes - lane < width) packEdge(from, laneStride, depthStride, lanes - lane, depth, out, width);
    else {
      const step = <usize>width << 2;
      // Groups of four lanes, and for six lanes a group of two.
      packFour(from, laneStride, depthStride, depth, out, step);
      if (width == 6) packTwo(from + offset(4, laneStride, 0, 0), laneStride, depthStride, depth, out + 16, step);
      if (width == 8) packFour(from + offset(4, laneStride, 0, 0), laneStride, depthStride, depth, out + 16, step);
    }
    out += panel;
  }
}

/** Several panels of neighbouring lanes. */
// @ts-ignore: decorator
@inline
function packGroup(
  x: usize, depthStride: i32, depth: i32, out: usize, panel: usize, width: i32, group: i32,
): void {
  const skip = <usize>depthStride << 2;
  const step = <usize>width << 2;
  for (let l = 0; l < depth; l++) {
    let from = x;
    let to = out;
    for (let p = 0; p < group; p++) {
      v128.store(to, v128.load(from));
      if (width == 6) store<u64>(to, load<u64>(from, 16), 16);
      if (width == 8) v128.store(to, v128.load(from, 16), 16);
      from += step;
      to += panel;
    }
    x += skip;
    out += step;
  }
}

/** Four full lanes: whole vectors when lanes are neighbours, 4×4 tiles turned over when depths are. */
function packFour(x: usize, laneStride: i32, depthStride: i32, depth: i32, out: usize, step: usize): void {
  if (laneStride == 1) {
    const skip = <usize>depthStride << 2;
    for (let l = 0; l < depth; l++) {
      v128.store(out, v128.load(x));
      x += skip;
      out += step;
    }
    return;
  }
  const lane = <usize>laneStride << 2;
  let l = 0;
  for (; l + 4 <= depth; l += 4) {
    const r0 = v128.load(x);
    const r1 = v128.load(x + lane);
    const r2 = v128.load(x + 2 * lane);
    const r3 = v128.load(x + 3 * lane);
    const low01 = interleaveLow(r0, r1);
    const low23 = interleaveLow(r2, r3);
    const high01 = interleaveHigh(r0, r1);
    const high23 = interleaveHigh(r2, r3);
    v128.store(out, joinLow(low01, low23));
    v128.store(out + step, joinHigh(low01, low23));
    v128.store(out + 2 * step, joinLow(high01, high23));
    v128.store(out + 3 * step, joinHigh(high01, high23));
    x += 16;
    out += 4 * step;
  }
  for (; l < depth; l++) {
    for (let i: usize = 0; i < 4; i++) store<f32>(out + (i << 2), load<f32>(x + i * lane));
    x += 4;
    out += step;
  }
}

function packTwo(x: usize, laneStride: i32, depthStride: i32, depth: i32, out: usize, step: usize): void {
  const lane = <usize>laneStride << 2;
  const skip = <usize>depthStride << 2;
  for (let l = 0; l < depth; l++) {
    store<f32>(out, load<f32>(x));
    store<f32>(out, load<f32>(x + lane), 4);
    x += skip;
    out += step;
  }
}

function packEdge(
  x: usize, laneStride: i32, depthStride: i32, lanes: i32, depth: i32, out: usize, width: i32,
): void {
  for (let lane = 0; lane < width; lane++) {
    let from = x + ((<usize>lane * laneStride) << 2);
    let to = out + (<usize>lane << 2);
    for (let l = 0; l < depth; l++) {
      store<f32>(to, lane < lanes ? load<f32>(from) : 0);
      from += <usize>depthStride << 2;
      to += <usize>width << 2;
    }
  }
}

// --- packing a matrix that is generated: a slab of it at a time, which stays in the cache ---------------------------

function packRandomA(
  kind: i32, key0: i32, key1: i32, scale: f32, alongColumns: bool, lane: i32, lanes: i32, depth: i32, count: i32,
  out: usize, slab: usize,
): void {
  fillSlab(kind, key0, key1, scale, alongColumns, lane, lanes, depth, count, slab);
  packA(slab, alongColumns ? 1 : count, alongColumns ? lanes : 1, lanes, count, out);
}

function packRandomB(
  kind: i32, key0: i32, key1: i32, scale: f32, alongColumns: bool, lane: i32, lanes: i32, depth: i32, count: i32,
  out: usize, slab: usize,
): void {
  for (let done = 0; done < lanes; done += SLAB) {
    const some = min(SLAB, lanes - done);
    fillSlab(kind, key0, key1, scale, alongColumns, lane + done, some, depth, count, slab);
    packB(slab, alongColumns ? 1 : count, alongColumns ? some : 1, some, count, out);
    out += (<usize>some * count) << 2;
  }
}

/** Lanes [lane, lane + lanes), depths [depth, depth + count) of the random matrix, stored as rows of that matrix. */
function fillSlab(
  kind: i32, key0: i32, key1: i32, scale: f32, alongColumns: bool, lane: i32, lanes: i32, depth: i32, count: i32,
  slab: usize,
): void {
  const scratch = slab + SLAB_BYTES;
  if (alongColumns) randomFill(kind, key0, key1, scale, depth, count, lane, lanes, slab, lanes, scratch);
  else randomFill(kind, key0, key1, scale, lane, lanes, depth, count, slab, count, scratch);
}
