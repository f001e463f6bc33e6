import { expect, it } from 'vitest';
import { wasmBackend } from '../../../src/backend/wasm/backend';
import { key } from '../../../src/base/key';
import { philox } from '../../../src/base/philox';
import { type FullBackend, referenceBackend } from '../../../src/index';

// Rows of signs so long that the number of a block needs more than eleven bits, and a column more than eighteen.

const from = key(12);
const columns = 2 ** 19 + 77;
const places = [
  0,
  127,
  128,
  2 ** 17 - 1,
  2 ** 17,
  2 ** 18 - 1,
  2 ** 18,
  2 ** 18 + 129,
  2 ** 19 - 1,
  2 ** 19,
  columns - 1,
];

/** The sign of an element, from the generator: 128 a block, four words of 32 bits, and a set bit is −1. */
function signAt(row: number, column: number): number {
  const words = new Uint32Array(4);
  philox(from, row, Math.floor(column / 128), 1, 0, words);
  const word = words[Math.floor((column % 128) / 32)] as number;
  return Math.floor(word / 2 ** (column % 32)) % 2 === 1 ? -1 : 1;
}

it.each<[string, () => FullBackend]>([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
])('signs beyond 2^18 columns on %s', (_, create) => {
  const on = create();
  const rows = [0, 1];
  const signs = on.readSync(on.random('rademacher', from, [2, columns]));
  for (const row of rows) {
    for (const at of places)
      for (let column = Math.max(0, at - 40); column < Math.min(columns, at + 40); column++)
        expect(signs[row * columns + column], `row ${row}, column ${column}`).toBe(signAt(row, column));
  }
  // Rows of x with a 1 each, times Aᵀ: what a product generates in passing.
  const x = new Float32Array(places.length * columns);
  for (const [i, column] of places.entries()) x[i * columns + column] = 1;
  const operand = { storage: on.fromHost(x), shape: [places.length, columns], dtype: 'float32' } as const;
  const a = { kind: 'rademacher', key: from, rows: 2, columns, scale: 0.5 } as const;
  const products = on.readSync(on.matmulRandom(operand, a, 'right', true));
  expect(Array.from(products)).toEqual(places.flatMap((column) => rows.map((row) => 0.5 * signAt(row, column))));
});
