import { describe, expect, it } from 'vitest';
import {
  adam,
  Conv2d,
  Embedding,
  Linear,
  MLP,
  type MoraType,
  mergeAdapters,
  mora,
  random,
  type Tensor,
  tensor,
  trainer,
} from '../../../src/index';
import { Mixing } from '../../laws/adapters';
import { differences, expectNear, numbers, rankOf, scatter, times, transposed } from './cases';

// The maps again, as the matrices that the paper has: C [g·r̂, in] and D [out, g·r̂], row by row in float64.

type Rows = number[][];
const matrixOf = (rows: number, columns: number, at: (i: number, j: number) => boolean): Rows =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => (at(i, j) ? 1 : 0)));

/** Which of r̂ contiguous groups the element is in; the first ones have one element more. */
function group(size: number, side: number): (j: number) => number {
  const [b, p] = [Math.floor(size / side), size % side];
  return (j) => (j < p * (b + 1) ? Math.floor(j / (b + 1)) : p + Math.floor((j - p * (b + 1)) / b));
}

/** Column j mod r̂ of every input, and of the inputs from the front that fill the last group. */
function strided(inputs: number, side: number): Rows {
  const C = matrixOf(side, inputs, () => false);
  for (let j = 0; j < Math.ceil(inputs / side) * side; j++) {
    const row = C[j % side] as number[];
    row[j % inputs] = (row[j % inputs] as number) + 1;
  }
  return C;
}
const contiguous = (inputs: number, side: number): Rows =>
  matrixOf(side, inputs, (i, j) => group(inputs, side)(j) === i);
const tiled = (outputs: number, width: number): Rows => matrixOf(outputs, width, (j, i) => j % width === i);
const repeated = (outputs: number, side: number): Rows =>
  matrixOf(outputs, side, (j, i) => group(outputs, side)(j) === i);

/** Row k·r̂ + i of R: the rotation of group k, by k·10000^(−2i/r̂) in the plane (i, i + r̂/2). */
function rotation(k: number, side: number): Rows {
  const R = matrixOf(side, side, () => false);
  const half = side / 2;
  for (let i = 0; i < half; i++) {
    const angle = k * 10000 ** ((-2 * i) / side);
    const [first, second] = [R[i] as number[], R[i + half] as number[]];
    [first[i], first[i + half]] = [Math.cos(angle), -Math.sin(angle)];
    [second[i], second[i + half]] = [Math.sin(angle), Math.cos(angle)];
  }
  return R;
}

/** D·(I ⊗ Q)·C, row-major. */
function explicit(type: MoraType, [n, m]: readonly [number, number], Q: readonly number[]): number[] {
  const side = Math.sqrt(Q.length);
  if (type === 6) {
    const groups = Math.ceil(m / side);
    const change = matrixOf(n, m, () => false);
    for (let k = 0; k < groups; k++) {
      const block = times(Q, rotation(k, side).flat(), side); // Q·R_k
      for (let j = 0; j < n; j++) {
        const inside = (j % (groups * side)) - k * side; // D repeats all groups as a whole
        if (inside < 0 || inside >= side) continue;
        const row = change[j] as number[];
        for (let i = 0; i < side; i++) {
          const column = (k * side + i) % m;
          row[column] = (row[column] as number) + (block[inside * side + i] as number);
        }
      }
    }
    return change.flat();
  }
  const C = (type === 1 || type === 4 ? strided : contiguous)(m, side).flat();
  const D = (type === 1 || type === 3 ? tiled : repeated)(n, side).flat();
  return times(times(D, Q, side), C, side);
}

const types: readonly MoraType[] = [1, 2, 3, 4, 6];
/** Wide, tall, square, r̂ above one extent, and a length of r̂ that fits or does not. */
const shapes: readonly (readonly [n: number, m: number, r: number])[] = [
  [7, 10, 1],
  [10, 7, 1],
  [8, 8, 2],
  [3, 16, 4],
  [16, 3, 4],
];
const cases = types.flatMap((type) => shapes.map(([n, m, r]) => ({ type, n, m, r })));

function adapted({ type, n, m, r }: (typeof cases)[number]) {
  const layer = new Linear(m, n, { key: random.key(1) });
  const { adapted: rows, trainable } = mora(layer, { rank: r, type });
  const before = numbers(layer.weight);
  scatter(layer, random.key(2), /lora/);
  const Q = numbers(layer.parameters()['lora.Q']);
  mergeAdapters(layer);
  return { rows, trainable, Q, before, change: differences(numbers(layer.weight), before) };
}

describe('MoRA', () => {
  it.each(cases)('computes with D·(I ⊗ Q)·C: type $type, $n × $m, rank $r', (one) => {
    const { n, m, r, type } = one;
    const layer = new Linear(m, n, { key: random.key(1) });
    mora(layer, { rank: r, type });
    const x = random.normal(random.key(3), [2, 3, m]);
    const plain = numbers(layer.forward(x));
    scatter(layer, random.key(2), /lora/);
    const change = explicit(type, [n, m], numbers(layer.parameters()['lora.Q']));
    const moved = times(numbers(x), transposed(change, m), m);
    // Three sums in a row of at most 16 terms, each rounded at the size of its terms, none far above the largest output.
    expectNear(
      numbers(layer.forward(x)),
      plain.map((y, i) => y + (moved[i] as number)),
      8,
    );
    const { change: merged, before } = adapted(one);
    expectNear(
      merged.map((value, i) => value + (before[i] as number)),
      change.map((value, i) => value + (before[i] as number)),
      8,
    );
  });

  it.each(cases)('has the rank that Q allows: type $type, $n × $m, rank $r', (one) => {
    const { rows, change } = adapted(one);
    const { type, n, m, r } = one;
    const nearest = Math.floor(Math.sqrt((n + m) * r) + 0.5);
    const side = type === 6 ? nearest - (nearest % 2) : nearest;
    expect(rows).toEqual([{ path: '', shape: [n, m], side }]);
    const rank = rankOf(change, [n, m]);
    const most = Math.min(n, m);
    // Type 6 has one Q in each block of its inputs, and no rank below r̂.
    if (type === 6) expect([rank >= Math.min(side, most), rank <= most]).toEqual([true, true]);
    else expect(rank).toBe(Math.min(side, most));
  });

  it('starts with Q = 0, so that no bit of the output changes', () => {
    for (const type of types) {
      const layer = new Linear(10, 7, { key: random.key(1) });
      const x = random.normal(random.key(3), [4, 10]);
      const before = numbers(layer.forward(x));
      mora(layer, { rank: 2, type });
      expect(numbers(layer.parameters()['lora.Q']).every((q) => q === 0)).toBe(true);
      expect(numbers(layer.forward(x))).toEqual(before);
    }
  });

  it('has blocks Q·R with orthogonal R in type 6, and does not see the inputs of groups that no output is left for', () => {
    const { change, Q } = adapted({ type: 6, n: 7, m: 10, r: 1 });
    const columns = transposed(change, 10); // row j: what input j adds to each output
    expect(columns.slice(8 * 7).every((value) => value === 0)).toBe(true); // inputs 8 and 9, of the third group
    const wide = adapted({ type: 6, n: 8, m: 8, r: 1 });
    const [side, blocks] = [4, transposed(wide.change, 8)];
    expect(Q.length).toBe(side * side);
    for (const k of [0, 1]) {
      // Block k is rows and columns k·r̂ … of the change; Q·R_k·(Q·R_k)ᵀ = Q·Qᵀ says that R_k is orthogonal.
      const block = Array.from({ length: side }, (_, i) =>
        Array.from({ length: side }, (_, j) => blocks[(k * side + j) * 8 + k * side + i] as number),
      ).flat();
      const gram = (a: readonly number[]): number[] => times(a, transposed(a, side), side);
      // The weight that holds the block is rounded at its own size, about that of Q.
      expectNear(gram(block), gram(wide.Q), 8);
      if (k === 1) expect(Math.max(...differences(block, wide.Q).map(Math.abs))).toBeGreaterThan(0.1);
    }
  });

  it('has about as many numbers as LoRA, and a few more where r̂ is rounded up', () => {
    expect(adapted({ type: 1, n: 10, m: 13, r: 2 }).trainable).toBe(49); // LoRA of rank 2 has 46
    for (const [n, m, r] of [
      [64, 96, 4],
      [30, 17, 8],
    ] as const) {
      const { trainable } = adapted({ type: 1, n, m, r });
      // |r̂ − √((n + m)·r)| ≤ ½
      expect(Math.abs(trainable - (n + m) * r)).toBeLessThanOrEqual(Math.sqrt((n + m) * r) + 0.25);
    }
  });

  it('is of type 6 and rank 8 unless it is told otherwise', () => {
    const [plain, told] = [new Linear(10, 7, { key: random.key(1) }), new Linear(10, 7, { key: random.key(1) })];
    expect(mora(plain).adapted).toEqual(mora(told, { rank: 8, type: 6 }).adapted);
    for (const layer of [plain, told]) scatter(layer, random.key(2), /lora/);
    const x = random.normal(random.key(3), [4, 10]);
    expect(numbers(plain.forward(x))).toEqual(numbers(told.forward(x)));
  });

  it('drops what the adapter sees, not what the weight sees, where forward gets a key', () => {
    const layer = new Linear(8, 8, { key: random.key(1) });
    mora(layer, { rank: 2, dropout: 1 });
    const x = random.normal(random.key(3), [4, 8]);
    const before = numbers(layer.forward(x));
    scatter(layer, random.key(2), /lora/);
    expect(numbers(layer.forward(x, { key: random.key(4) }))).toEqual(before);
    expect(numbers(layer.forward(x))).not.toEqual(before);
  });

  it('learns a change of full rank, where LoRA of as many numbers has rank 2', () => {
    const layer = new Linear(8, 8, { bias: false, key: random.key(1) });
    const before = numbers(layer.weight);
    mora(layer, { rank: 2, type: 6 });
    const [x, y] = [random.normal(random.key(3), [32, 8]), random.normal(random.key(4), [32, 8])];
    const loss = (): Tensor => layer.forward(x).sub(y).square().mean();
    const training = trainer({ model: layer, transform: adam({ learningRate: 0.05 }), loss, seed: 0 });
    const first = loss().dataSync()[0] as number;
    for (let step = 0; step < 20; step++) training.step(undefined);
    expect(loss().dataSync()[0]).toBeLessThan(0.9 * first);
    mergeAdapters(layer);
    expect(rankOf(differences(numbers(layer.weight), before), [8, 8])).toBe(8);
  });

  it('takes layers of users whose weight is a matrix, and says why it leaves others alone', () => {
    expect(mora(new Mixing(5, random.key(1)), { rank: 1 }).adapted).toEqual([{ path: '', shape: [5, 5], side: 2 }]);
    const alone =
      (layer: Parameters<typeof mora>[0], options = {}) =>
      () =>
        mora(layer, options);
    expect(alone(new Embedding(5, 4, { key: random.key(1) }))).toThrow(/adapter\/no-match.*whose input is ids/);
    expect(alone(new Conv2d(2, 3, 3, { key: random.key(1) }))).toThrow(/not a matrix \[out, in\]/);
    expect(alone(new Linear(1, 1, { key: random.key(1) }), { rank: 1 })).toThrow(/too small for two numbers/);
    const model = new MLP({ sizes: [4, 4, 2], key: random.key(1) });
    expect(mora(model, { match: 'layers.1' }).adapted.map(({ path }) => path)).toEqual(['layers.1']);
  });

  it.each([
    ['options/choice', { type: 5 as 6 }],
    ['options/choice', { type: '6' as unknown as 6 }],
    ['options/range', { rank: 0 }],
    ['options/range', { dropout: 2 }],
    ['options/unknown', { seed: 1 } as object],
  ])('refuses with %s: %o, and hangs in nothing', (code, options) => {
    const layer = new Linear(4, 4, { key: random.key(1) });
    expect(() => mora(layer, options)).toThrow(code);
    expect(layer.lora).toBeNull();
  });

  it('takes one row, and rows of any number of axes', () => {
    for (const type of types) {
      const layer = new Linear(5, 3, { key: random.key(1) });
      mora(layer, { rank: 2, type });
      scatter(layer, random.key(2), /lora/);
      const row = tensor([1, -2, 3, 0.5, 0.25]);
      const alone = numbers(layer.forward(row));
      expect(numbers(layer.forward(row.reshape([1, 1, 5])))).toEqual(alone);
    }
  });
});
