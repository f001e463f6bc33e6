/*
 * The last rung of the ladder in `products.ts`: the product in tiles of 4 × 4, in WGSL of our own, on the device and the
 * buffers that gpu.js uses, since gpu.js has neither operands of four numbers on WebGPU nor threads with more than one
 * result. It is the register tile of the CPU (`kernels/wasm/tile.ts`) once more: C waits in registers while k goes by.
 */

/** How operands are stored, and whether the sum starts from something: a bias [n] (`own` 0), or a sum [batch, m, n] (1). */
export interface TiledForm {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly starts: boolean;
}

/**
 * C = A·B, a tile of 4 × 4 elements for each thread, held in registers as a matrix of which each column is one row of
 * C. Each turn fetches 4 × 4 numbers of A and of B, four at a time, and multiplies them: eight fetches make 64
 * products, where the naive kernel needs 128.
 *
 * Operands are read as fours, so rows of A and B are whole fours long, and sums too (`pad` sees to it). Rows and columns
 * of C are any number: a thread at the edge reads the last row again and drops what it makes of it. `matrixA` and
 * `rowA` are the fours from one matrix and one row to the next, `fromA` those to skip in front.
 */
export const tiled = ({ transposeA, transposeB, starts }: TiledForm): string => /* wgsl */ `
struct Sizes {
  m: u32, n: u32, quarters: u32, matrixA: u32, rowA: u32, fromA: u32, matrixB: u32, rowB: u32, fromB: u32, own: u32,
}
@group(0) @binding(0) var<uniform> p: Sizes;
@group(0) @binding(1) var<storage, read> A: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> B: array<vec4<f32>>;
${starts ? '@group(0) @binding(3) var<storage, read> first: array<f32>;' : ''}
@group(0) @binding(${starts ? 4 : 3}) var<storage, read_write> C: array<f32>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = id.x * 4u;
  let y = id.y * 4u;
  if (x >= p.n || y >= p.m) { return; }
  let a = p.fromA + id.z * p.matrixA;
  let b = p.fromB + id.z * p.matrixB;
  ${transposeA ? 'let row = a + id.y;' : fourRows('a', 'A', 'y', 'm')}
  ${transposeB ? fourRows('b', 'B', 'x', 'n') : 'let column = b + id.x;'}
  var c0 = vec4<f32>();
  var c1 = vec4<f32>();
  var c2 = vec4<f32>();
  var c3 = vec4<f32>();
  for (var k = 0u; k < p.quarters; k++) {
    ${transposeA ? fourTerms('a', 'A', 'row') : fourPlaces('a', 'A')}
    ${transposeB ? fourPlaces('b', 'B') : fourTerms('b', 'B', 'column')}
    ${[0, 1, 2, 3].map((i) => tileRow(i, transposeA, transposeB)).join('\n    ')}
  }
  ${[0, 1, 2, 3].map((i) => `store(${i}u, c${i}, x, y, id.z);`).join('\n  ')}
}

fn store(i: u32, row: vec4<f32>, x: u32, y: u32, z: u32) {
  if (y + i >= p.m) { return; }
  let at = (z * p.m + y + i) * p.n + x;
  for (var j = 0u; j < min(4u, p.n - x); j++) { C[at + j] = row[j]${starts ? ' + first[select(x, at, p.own == 1u) + j]' : ''}; }
}`;

/** Where four rows of an operand whose sums run along them begin; the last one again beyond the edge. */
function fourRows(name: string, operand: string, at: string, count: string): string {
  const row = (i: number): string =>
    `let ${name}At${i} = ${name} + min(${at} + ${i}u, p.${count} - 1u) * p.row${operand};`;
  return [0, 1, 2, 3].map(row).join('\n  ');
}

/** The next four terms of each of these rows. */
function fourPlaces(name: string, operand: string): string {
  return [0, 1, 2, 3].map((i) => `let ${name}${i} = ${operand}[${name}At${i} + k];`).join('\n    ');
}

/** Four neighbouring elements for each of the next four terms, which lie in rows of their own. */
function fourTerms(name: string, operand: string, from: string): string {
  const row = (i: number): string => `let ${name}${i} = ${operand}[${from} + (k * 4u + ${i}u) * p.row${operand}];`;
  return [0, 1, 2, 3].map(row).join('\n    ');
}

/** Row i of the tile: four terms more for each of its four elements. */
function tileRow(i: number, transposeA: boolean, transposeB: boolean): string {
  const lanes = ['x', 'y', 'z', 'w'] as const;
  const a = (term: number): string => (transposeA ? `a${term}.${lanes[i]}` : `a${i}.${lanes[term]}`);
  const b = (term: number): string =>
    transposeB ? `vec4<f32>(${[0, 1, 2, 3].map((j) => `b${j}.${lanes[term]}`).join(', ')})` : `b${term}`;
  return `c${i} += ${[0, 1, 2, 3].map((term) => `${a(term)} * ${b(term)}`).join(' + ')};`;
}

/**
 * Zeros around matrices [batch, rows, columns], so that their rows, and the sums that run across them, are whole fours
 * long. From `fromRow` and `fromColumn` of what is stored. Reads and writes every number once.
 */
export const pad = /* js */ `
function (a, fromRow, fromColumn, rows, columns) {
  let value = 0;
  if (this.thread.y < rows) {
    if (this.thread.x < columns) {
      value = a[this.thread.z][fromRow + this.thread.y][fromColumn + this.thread.x];
    }
  }
  return value;
}`;
