import { addLanes } from './math';
import { randomFill } from './random';
import { dotOf } from './reductions';
import { bPanels, KC as COLUMNS, SLAB as ROWS, slab } from './workspace';

/**
 * out [m, n] = A·Bᵀ of two random matrices with `columns` columns, neither of which ever exists: slabs of both are made
 * and multiplied, A once, B once for every ROWS rows of A. For kind, keys and scale see `randomFill`.
 */
export function randomCross(
  kindA: i32, keyA0: i32, keyA1: i32, scaleA: f32, m: i32,
  kindB: i32, keyB0: i32, keyB1: i32, scaleB: f32, n: i32, columns: i32, out: usize,
): void {
  const a = slab;
  const b = bPanels;
  memory.fill(out, 0, (<usize>m * n) << 2);
  for (let i = 0; i < m; i += ROWS) {
    const height = min(ROWS, m - i);
    for (let l = 0; l < columns; l += COLUMNS) {
      const depth = min(COLUMNS, columns - l);
      randomFill(kindA, keyA0, keyA1, scaleA, i, height, l, depth, a, COLUMNS);
      for (let j = 0; j < n; j += ROWS) {
        const width = min(ROWS, n - j);
        randomFill(kindB, keyB0, keyB1, scaleB, j, width, l, depth, b, COLUMNS);
        addDots(a, height, b, width, depth, out + ((<usize>i * n + j) << 2), n);
      }
    }
  }
}

/** out [height, width] += the inner products of the rows of both slabs; rows of out are `n` elements apart. */
function addDots(a: usize, height: i32, b: usize, width: i32, depth: i32, out: usize, n: i32): void {
  for (let i = 0; i < height; i += 4) {
    for (let j = 0; j < width; j += 2) {
      const p = a + ((<usize>i * COLUMNS) << 2);
      const q = b + ((<usize>j * COLUMNS) << 2);
      const to = out + ((<usize>i * n + j) << 2);
      if (height - i >= 4 && width - j >= 2 && (depth & 3) == 0) addTile(p, q, depth, to, <usize>n << 2);
      else addEdge(p, min(4, height - i), q, min(2, width - j), depth, to, n);
    }
  }
}

/** Four rows of a by two of b: eight sums of four lanes. */
function addTile(a: usize, b: usize, depth: i32, out: usize, rowBytes: usize): void {
  const row: usize = COLUMNS << 2;
  let x0 = f32x4.splat(0);
  let y0 = x0;
  let x1 = x0;
  let y1 = x0;
  let x2 = x0;
  let y2 = x0;
  let x3 = x0;
  let y3 = x0;
  const end = a + (<usize>depth << 2);
  while (a < end) {
    const bx = v128.load(b);
    const by = v128.load(b + row);
    const a0 = v128.load(a);
    x0 = f32x4.add(x0, f32x4.mul(a0, bx));
    y0 = f32x4.add(y0, f32x4.mul(a0, by));
    const a1 = v128.load(a + row);
    x1 = f32x4.add(x1, f32x4.mul(a1, bx));
    y1 = f32x4.add(y1, f32x4.mul(a1, by));
    const a2 = v128.load(a + 2 * row);
    x2 = f32x4.add(x2, f32x4.mul(a2, bx));
    y2 = f32x4.add(y2, f32x4.mul(a2, by));
    const a3 = v128.load(a + 3 * row);
    x3 = f32x4.add(x3, f32x4.mul(a3, bx));
    y3 = f32x4.add(y3, f32x4.mul(a3, by));
    a += 16;
    b += 16;
  }
  addPair(out, x0, y0);
  addPair(out + rowBytes, x1, y1);
  addPair(out + 2 * rowBytes, x2, y2);
  addPair(out + 3 * rowBytes, x3, y3);
}

// @ts-ignore: decorator
@inline
function addPair(out: usize, x: v128, y: v128): void {
  store<f32>(out, load<f32>(out) + addLanes(x));
  store<f32>(out, load<f32>(out, 4) + addLanes(y), 4);
}

function addEdge(a: usize, height: i32, b: usize, width: i32, depth: i32, out: usize, n: i32): void {
  const row: usize = COLUMNS << 2;
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const to = out + ((<usize>i * n + j) << 2);
      store<f32>(to, load<f32>(to) + <f32>dotOf(a + <usize>i * row, b + <usize>j * row, depth));
    }
  }
}
