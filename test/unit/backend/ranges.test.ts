import { describe, expect, it } from 'vitest';
import type { Kernels } from '../../../src/backend/wasm/generated/kernels';
import { instantiate } from '../../../src/backend/wasm/module';
import { fillRow } from '../../../src/base/distribution';

// Threads call kernels on parts of a tensor: a part is a range of elements or of rows, given by pointers and counts.
// In any order the parts must give the bits of the whole, and touch nothing but their own results.

const { kernels, memory } = instantiate('baseline');
const floats = new Float32Array(memory.buffer);
const bits = new Int32Array(memory.buffer);
const heap = Math.ceil(kernels.heapBase() / 64) * 64;

const rows = 150; // blocks of 64, 64 and 22 rows
const n = 37;
const size = rows * n;
const room = 4 * (size + 64);
const [x, y, z, weight, bias, column, ids] = [0, 1, 2, 3, 4, 5, 6].map((i) => heap + i * room) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];
const results = [7, 8, 9, 10].map((i) => heap + i * room) as [number, number, number, number];
for (const [i, at] of [x, y, z, weight, bias, column].entries()) {
  fillRow('uniform', [i, 1], 0, 0, floats.subarray(at / 4, at / 4 + size));
}
for (let r = 0; r < rows; r++) bits[ids / 4 + r] = (r * 11) % n;

/** A kernel on [from, to). */
type Part = (from: number, to: number) => void;

/** What a kernel leaves in all results, from the same memory before: whatever is not written stays. */
function after(part: Part, ranges: readonly (readonly number[])[]): Int32Array {
  const region = bits.subarray(results[0] / 4, results[0] / 4 + 4 * (room / 4));
  region.fill(-1);
  for (const [from = 0, to = 0] of ranges) part(from, to);
  return region.slice();
}

const elements = {
  whole: [[0, size]],
  parts: [
    [4000, size],
    [1000, 4000],
    [0, 1000],
  ],
};
/** Parts start at multiples of the block of rows. */
const blocks = {
  whole: [[0, rows]],
  parts: [
    [128, rows],
    [0, 64],
    [64, 128],
  ],
};
const someRows = {
  whole: [[0, rows]],
  parts: [
    [101, rows],
    [3, 101],
    [0, 3],
  ],
};

const [a, b, c, d] = results;
const perElement: { readonly [Name in keyof Kernels]?: Part } = {
  exp: (from, to) => kernels.exp(x + 4 * from, a + 4 * from, to - from),
  gelu: (from, to) => kernels.gelu(x + 4 * from, a + 4 * from, to - from),
  add: (from, to) => kernels.add(x + 4 * from, 0, 0, y + 4 * from, 0, 0, a + 4 * from, 1, to - from),
  axpby: (from, to) => kernels.axpby(0.9, x + 4 * from, 0.1, y + 4 * from, a + 4 * from, to - from),
  adam: (from, to) => {
    const [skip, factors] = [4 * from, [0.9, 0.1, 0.99, 0.01, 3, 4, 1e-8] as const];
    kernels.adam(x + skip, y + skip, z + skip, a + skip, b + skip, c + skip, to - from, ...factors);
  },
  rms: (from, to) => kernels.rms(x + 4 * from, z + 4 * from, a + 4 * from, b + 4 * from, to - from, 0.9, 0.1, 1e-8),
  lion: (from, to) =>
    kernels.lion(x + 4 * from, y + 4 * from, a + 4 * from, b + 4 * from, to - from, 0.9, 0.1, 0.99, 0.01),
};
const row = (at: number, r: number): number => at + 4 * n * r;
const perRow: { readonly [Name in keyof Kernels]?: Part } = {
  softmax: (from, to) => kernels.softmax(row(x, from), row(a, from), to - from, n),
  softmaxGrad: (from, to) => kernels.softmaxGrad(row(x, from), row(y, from), row(a, from), to - from, n),
  logSoftmax: (from, to) => kernels.logSoftmax(row(x, from), row(a, from), to - from, n),
  layerNorm: (from, to) => kernels.layerNorm(row(x, from), weight, bias, row(a, from), to - from, n, 1e-5),
  rmsNorm: (from, to) => kernels.rmsNorm(row(x, from), weight, row(a, from), to - from, n, 1e-5),
  crossEntropy: (from, to) => kernels.crossEntropy(row(x, from), ids + 4 * from, a + 4 * from, to - from, n),
  crossEntropyGrad: (from, to) =>
    kernels.crossEntropyGrad(column + 4 * from, row(x, from), ids + 4 * from, row(a, from), to - from, n),
  scaleRowsColumns: (from, to) =>
    kernels.scaleRowsColumns(row(x, from), column + 4 * from, bias, row(a, from), to - from, n),
};
const perBlock: { readonly [Name in keyof Kernels]?: Part } = {
  layerNormGrad: (from, to) => {
    const [weights, biases] = [row(b, from / 64), row(c, from / 64)];
    kernels.layerNormGrad(row(x, from), row(y, from), weight, row(a, from), weights, biases, to - from, n, 1e-5);
  },
  rmsNormGrad: (from, to) =>
    kernels.rmsNormGrad(row(x, from), row(y, from), weight, row(a, from), row(b, from / 64), to - from, n, 1e-5),
  squareSums: (from, to) => kernels.squareSums(row(x, from), d + 4 * from, row(b, from / 64), to - from, n),
};

describe('parts of a tensor, in any order, give the bits of the whole', () => {
  const families = [
    [perElement, elements],
    [perRow, someRows],
    [perBlock, blocks],
  ] as const;
  for (const [kernelsOf, { whole, parts }] of families) {
    for (const [name, part] of Object.entries(kernelsOf)) {
      it(name, () => {
        const [all, inParts] = [whole, parts].map((ranges) => after(part, ranges)) as [Int32Array, Int32Array];
        expect(all.some((x) => x !== -1)).toBe(true);
        expect(inParts).toEqual(all);
      });
    }
  }

  it('a block of rows is 64 rows', () => {
    expect(kernels.rowsOfBlock()).toBe(64);
  });
});
