/*
 * Matrix products C = A·B, from the one that a reader understands at once to the fast ones. A is [batch, m, k], B is
 * [batch, k, n], C is [batch, m, n]; gpu.js writes an element of each as [matrix][row][column]. An operand that is one
 * matrix for the whole batch has step 0, else step 1. Flags say what is stored swapped. All need 2·m·n·k operations;
 * what differs is how many numbers are fetched from memory for them, and that decides.
 *
 * 1. `naive`: a thread makes one number, and fetches two for each product of the sum: 2·m·n·k fetches in all.
 * 2. `unrolled`: the same fetches, but a quarter of the loop's own work (its counter, its test, its jump).
 * 3. `pack`, `packedProduct`, `unpack` (WebGL): fetches of four numbers at once, in tiles of 1 × 4. Five fetches make 16
 *    products, for which the naive kernel needs 32.
 * 4. `tiled` in `products-wgsl.ts` (WebGPU): tiles of 4 × 4. Eight fetches make 64 products, where the naive kernel needs
 *    128: a number that is in a register serves a whole row or column of the tile.
 *
 * `src/backend/gpu/products/multiply.ts` chooses.
 */

/** C = A·B, one element of C for each thread: column x, row y, matrix z. Reads 2·k numbers to make one: memory decides. */
export const naive = (transposeA: boolean, transposeB: boolean): string => /* js */ `
function (a, b, k, stepA, stepB) {
  let sum = 0;
  for (let i = 0; i < k; i++) {
    sum += a[this.thread.z * stepA]${transposeA ? '[i][this.thread.y]' : '[this.thread.y][i]'}
         * b[this.thread.z * stepB]${transposeB ? '[this.thread.x][i]' : '[i][this.thread.x]'};
  }
  return sum;
}`;

/** Every sum may start from something: a bias [n], the same in each row (`own` 0), or the sum so far [batch, m, n] (1). */
const parameters = (starts: boolean): string => (starts ? 'start, own, ' : '');
const first = 'start[this.thread.z * own][this.thread.y * own][this.thread.x]';

/** The sum of `term(0)` to `term(count − 1)`, as one expression. */
const total = (count: number, term: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => term(i)).join('\n         + ');

/**
 * The naive product with four terms in each turn of the loop, then the `rest` of them one by one. Terms begin at
 * `fromA` along the k of A and `fromB` along that of B, so that a sum too long for one thread goes on in the next
 * launch, from the sum of the one before. More terms in a turn gain little, and compile for longer.
 */
export const unrolled = (transposeA: boolean, transposeB: boolean, starts: boolean): string => {
  const a = (i: string): string => (transposeA ? `a[za][${i}][this.thread.y]` : `a[za][this.thread.y][${i}]`);
  const b = (i: string): string => (transposeB ? `b[zb][this.thread.x][${i}]` : `b[zb][${i}][this.thread.x]`);
  return /* js */ `
function (${parameters(starts)}a, b, fromA, fromB, fours, rest, stepA, stepB) {
  const za = this.thread.z * stepA;
  const zb = this.thread.z * stepB;
  let sum = ${starts ? first : '0'};
  for (let i = 0; i < fours; i++) {
    const p = fromA + i * 4;
    const q = fromB + i * 4;
    sum += ${total(4, (t) => `${a(`p + ${t}`)} * ${b(`q + ${t}`)}`)};
  }
  const p = fromA + fours * 4;
  const q = fromB + fours * 4;
  for (let j = 0; j < rest; j++) {
    sum += ${a('p + j')} * ${b('q + j')};
  }
  return sum;
}`;
};

/*
 * The packed form, for GL, whose textures hold four numbers at each place. Rows lie along the third axis ([columns/4,
 * 1, rows]): gpu.js lays a result of one row and many matrices out as nearly a square, but one of many rows as a
 * texture with as many rows, and reading one beyond the largest side of a texture fails or ends the process.
 */

/**
 * Four neighbours along the columns of each row: [batch·rows, columns] → [batch·padded, ⌈columns/4⌉] places, zero
 * beyond `rows` and `columns`, reading what is stored swapped as it should be. Rows begin at `fromRow` and columns at
 * `fromColumn` of what is stored. Reads and writes every number once: nothing beside m·n·k, if that is large.
 */
export const pack = (transpose: boolean): string => /* js */ `
function (a, fromRow, fromColumn, rows, columns, padded) {
  const z = Math.floor((this.thread.z + 0.5) / padded);
  const row = this.thread.z - z * padded;
  const y = fromRow + row;
  const column = this.thread.x * 4;
  const x = fromColumn + column;
  let v0 = 0;
  let v1 = 0;
  let v2 = 0;
  let v3 = 0;
  if (row < rows) {
    ${[0, 1, 2, 3].map((i) => `if (column + ${i} < columns) { v${i} = a[z]${transpose ? `[x + ${i}][y]` : `[y][x + ${i}]`}; }`).join('\n    ')}
  }
  return [v0, v1, v2, v3];
}`;

/**
 * The product of packed matrices: A [batch·m, quarters] and B [batch·4·quarters, ⌈n/4⌉] places give C [batch·m, ⌈n/4⌉].
 * A thread makes four neighbours of a row. Each turn fetches four numbers of A's row and four places of B, and makes 16
 * products of them.
 */
export const packedProduct = /* js */ `
function (a, b, quarters, m, stepA, stepB) {
  const z = Math.floor((this.thread.z + 0.5) / m);
  const row = this.thread.z - z * m + z * stepA * m;
  const top = z * stepB * quarters * 4;
  const x = this.thread.x;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = 0; i < quarters; i++) {
    const p = a[row][0][i];
    const k = top + i * 4;
    const q0 = b[k][0][x];
    const q1 = b[k + 1][0][x];
    const q2 = b[k + 2][0][x];
    const q3 = b[k + 3][0][x];
    ${[0, 1, 2, 3].map((j) => `s${j} += p[0] * q0[${j}] + p[1] * q1[${j}] + p[2] * q2[${j}] + p[3] * q3[${j}];`).join('\n    ')}
  }
  return [s0, s1, s2, s3];
}`;

/** C as all other kernels store it [batch, m, n], from its places [batch·m, ⌈n/4⌉]; on top of what the sum starts from. */
export const unpack = (starts: boolean): string => /* js */ `
function (${parameters(starts)}c, m) {
  const place = Math.floor((this.thread.x + 0.5) * 0.25);
  const lane = this.thread.x - place * 4;
  const v = c[this.thread.z * m + this.thread.y][0][place];
  let sum = v[3];
  if (lane < 0.5) { sum = v[0]; } else if (lane < 1.5) { sum = v[1]; } else if (lane < 2.5) { sum = v[2]; }
  return sum${starts ? ` + ${first}` : ''};
}`;

/** What remains of a product whose sums have no terms: the bias [n] in every row. */
export const biasAlone = /* js */ `function (bias) { return bias[0][0][this.thread.x]; }`;

/** Matrices of a batch repeated in the order of `which` [batch]: for batches that broadcast along several axes. */
export const repeat = /* js */ `
function (a, which) {
  return a[which[0][0][this.thread.z]][this.thread.y][this.thread.x];
}`;

/** sum[i] where weight[i] is not 0, and 0 where it is: what a sparse weight keeps of a sum with it. */
export const onSupport = /* js */ `
function (sum, weight) {
  return weight[this.thread.x] === 0 ? 0 : sum[this.thread.x];
}`;
