// C = A·B for A [m, k] and B [k, n], after Goto and van de Geijn. 2·m·n·k flops; float32.
//
// The triple loop of the reference fetches two numbers from memory for every multiplication. Here C is computed in tiles
// of MR×NR numbers that stay in registers while k is walked through (`tile.ts`): MR + NR numbers fetched make MR·NR
// products. And the loops are cut into blocks, so that what is fetched again and again lies in a cache: KC depths of a
// panel pair in L1, MC rows of A in L2, NC columns of B in L3 (`workspace.ts` has the sizes).
//
// A "lane" is a row of A or a column of B, "depth" is the position along k. A product takes one of three paths:
// - `packed`: a block of each operand is first copied into panels of MR rows (A) or NR columns (B), in the order in which
//   the tile reads it: all lanes of one depth side by side, then the next depth. The copy costs m·k or k·n moves, little
//   beside m·n·k, and it deals once with transposes, edges (zeros) and operands that are generated instead of read: the
//   tile kernel knows panels only.
// - `direct`: where A is used too few times to earn its packing, tiles read it where it lies, and B too where its rows are
//   dense.
// - `dots`: a vector times a matrix, both of them stored along k.
//
// Bits do not depend on how a product is split among threads. On `packed` and `direct` each element of C is one sum along
// k from front to back, in blocks of depths whose size is a constant, each block starting from the float32 sum of those
// before it; a lane that is computed along with it, or is missing at an edge, has no part in that sum. Only the path
// matters, so it is chosen for the whole product, before that is split into ranges of rows or columns.
//
// @see Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34 (2008).

import { offset, packA, packB, packRandomA, packRandomB } from './pack';
import { dotOf } from './reductions';
import { directTile, multiplyTile } from './tile';
import { aPanels, bPanels, KC, MC, MR, NC, NR, TILE_ROW, tile, zeros } from './workspace';

/** How a product is computed; the caller chooses by `gemmPath` for the whole product and may then split it. */
const PACKED: i32 = 0;
export const DIRECT: i32 = 1;
const DOTS: i32 = 2;

/** Up to this number of columns, packing A costs more than the slower tile that reads it in place. */
const FEW_COLUMNS: i32 = 32;
/** Up to this number of rows, packing a dense B costs more than reading it in place. */
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

/** `gemm` for `count` products, whose operands and results begin the given numbers of bytes apart. */
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
 * `gemm`, where the operand at address 0 is the random matrix of `kind`, (key0, key1) and `scale`; its
 * lanes run along its columns when its lane stride is 1, and along its rows otherwise.
 */
export function gemmRandom(
  a: usize, aLane: i32, aDepth: i32, b: usize, bLane: i32, bDepth: i32, c: usize, cRow: i32, m: i32, n: i32, k: i32,
  kind: i32, key0: i32, key1: i32, scale: f32,
): void {
  if (k == 0) return fillRows(c, cRow, m, n, 0, 0);
  packed(a, aLane, aDepth, b, bLane, bDepth, c, cRow, m, n, k, 0, 0, kind, key0, key1, scale);
}

/** A product with k = 0, a sum of nothing: what it starts from, or zeros. */
function fillRows(c: usize, cRow: i32, m: i32, n: i32, start: usize, startRow: i32): void {
  for (let i = 0; i < m; i++) {
    if (start) memory.copy(c, start, <usize>n << 2);
    else memory.fill(c, 0, <usize>n << 2);
    c += <usize>cRow << 2;
    start += <usize>startRow << 2;
  }
}

// --- packed ----------------------------------------------------------------------------------------------------------

/**
 * The loops over blocks, outermost first: NC columns, KC depths, MC rows. B's block is packed once and used by every block
 * of A beside it. From the second block of depths on, C starts from what the blocks before have left in it.
 */
function packed(
  a: usize, aLane: i32, aDepth: i32, b: usize, bLane: i32, bDepth: i32, c: usize, cRow: i32, m: i32, n: i32, k: i32,
  start: usize, startRow: i32, kind: i32, key0: i32, key1: i32, scale: f32,
): void {
  for (let j = 0; j < n; j += NC) {
    const nc = min(NC, n - j);
    for (let l = 0; l < k; l += KC) {
      const kc = min(KC, k - l);
      if (b) packB(b + offset(j, bLane, l, bDepth), bLane, bDepth, nc, kc, bPanels);
      else packRandomB(kind, key0, key1, scale, bLane == 1, j, nc, l, kc, bPanels);
      for (let i = 0; i < m; i += MC) {
        const mc = min(MC, m - i);
        if (a) packA(a + offset(i, aLane, l, aDepth), aLane, aDepth, mc, kc, aPanels);
        else packRandomA(kind, key0, key1, scale, aLane == 1, i, mc, l, kc, aPanels);
        const to = c + offset(i, cRow, j, 1);
        if (l > 0) block(to, cRow, mc, nc, kc, to, cRow);
        else block(to, cRow, mc, nc, kc, start ? start + offset(i, startRow, j, 1) : 0, startRow);
      }
    }
  }
}

/**
 * c [mc, nc] = start + packed A block · packed B block, tile by tile. A tile at the edge of C goes through a whole tile in
 * the workspace, of which only the part that exists is copied out: the same additions, and nothing beyond C is written.
 */
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
const DIRECT_KC: i32 = 1024;
/** The number of rows from which packing B pays whatever its layout is. */
const MANY_ROWS: i32 = 256;

function direct(
  a: usize, aLane: i32, aDepth: i32, b: usize, bLane: i32, bDepth: i32, c: usize, cRow: i32, m: i32, n: i32, k: i32,
  start: usize, startRow: i32,
): void {
  const inPanels = bLane != 1 || m >= MANY_ROWS;
  for (let l = 0; l < k; l += DIRECT_KC) {
    const kc = min(DIRECT_KC, k - l);
    if (inPanels) packB(b + offset(0, bLane, l, bDepth), bLane, bDepth, n, kc, bPanels);
    const from = l > 0 ? c : start;
    const fromRow = l > 0 ? cRow : startRow;
    const bRow = inPanels ? NR : bDepth;
    const bPart = inPanels ? bPanels : b + offset(0, 1, l, bDepth);
    const bTile = inPanels ? NR * kc : NR;
    const aPart = a + offset(0, aLane, l, aDepth);
    // The longer side outside, so that what is read along it is read once.
    const across = m > n ? 4 : m;
    for (let top = 0; top < m; top += across) {
      for (let j = 0; j < n; j += NR) {
        for (let i = top; i < min(m, top + across); i += 4) {
          directPart(
            aPart + offset(i, aLane, 0, 0), aLane, aDepth, m - i, bPart + offset(j / NR, bTile, 0, 0), <usize>bRow << 2, n - j,
            kc, from ? from + offset(i, fromRow, j, 1) : 0, fromRow, c + offset(i, cRow, j, 1), cRow,
          );
        }
      }
    }
  }
}

/** One tile, or what exists of it. */
function directPart(
  a: usize, aLane: i32, aDepth: i32, rows: i32, b: usize, bStep: usize, columns: i32, kc: i32,
  start: usize, startRow: i32, c: usize, cRow: i32,
): void {
  const from = start ? start : zeros;
  const fromBytes = start ? <usize>startRow << 2 : 0;
  if (rows >= 4 && columns >= NR) {
    return directTile(a, aLane, aDepth, 4, b, bStep, kc, from, fromBytes, c, <usize>cRow << 2);
  }
  copyTile(from, fromBytes, tile, TILE_ROW, rows, columns, 4);
  directTile(a, aLane, aDepth, rows, b, bStep, kc, tile, TILE_ROW, tile, TILE_ROW);
  copyTile(tile, TILE_ROW, c, <usize>cRow << 2, rows, columns, 4);
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
