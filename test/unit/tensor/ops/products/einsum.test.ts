import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as f from '../../../../../src/index';
import { numbers, seeds } from '../../../../../src/laws/arbitraries';
import { expectClose } from '../../../../../src/laws/close';
import { at } from '../../functions';

const extents: Record<string, number> = { a: 2, b: 3, c: 1, d: 4, e: 2 };
const letters = fc.constantFrom(...Object.keys(extents));
/** Terms of up to four letters, repeated ones too, and an output of some of them. */
const equations = fc
  .array(fc.array(letters, { maxLength: 4 }), { minLength: 1, maxLength: 3 })
  .chain((terms) => fc.record({ terms: fc.constant(terms), output: fc.shuffledSubarray([...new Set(terms.flat())]) }));

/** One loop over all values of all letters. */
function naive(terms: readonly string[][], output: readonly string[], operands: readonly Float32Array[]): Float32Array {
  const all = [...new Set(terms.flat())];
  const position = (labels: readonly string[], index: ReadonlyMap<string, number>): number =>
    labels.reduce((offset, label) => offset * (extents[label] as number) + (index.get(label) as number), 0);
  const sums = new Float64Array(output.reduce((size, label) => size * (extents[label] as number), 1));
  const visit = (depth: number, index: Map<string, number>): void => {
    const label = all[depth];
    if (label === undefined) {
      const product = terms.reduce((value, labels, i) => value * (operands[i]?.[position(labels, index)] as number), 1);
      (sums[position(output, index)] as number) += product;
    } else for (let i = 0; i < (extents[label] as number); i++) visit(depth + 1, index.set(label, i));
  };
  visit(0, new Map());
  return Float32Array.from(sums);
}

describe('einsum', () => {
  it('is the sum of products over all letters that the output does not have', () => {
    fc.assert(
      fc.property(equations, seeds, ({ terms, output }, seed) => {
        const shapes = terms.map((labels) => labels.map((label) => extents[label] as number));
        const values = shapes.map((shape, i) =>
          numbers(
            seed + i,
            shape.reduce((a, b) => a * b, 1),
          ),
        );
        const tensors = values.map((x, i) => f.tensor(x, { shape: shapes[i] as number[] }));
        const y = f.einsum(`${terms.map((labels) => labels.join('')).join(', ')} -> ${output.join('')}`, ...tensors);
        expect(y.shape).toEqual(output.map((label) => extents[label]));
        expectClose(y.dataSync(), naive(terms, output, values), 8 * 48);
      }),
      { numRuns: 300 },
    );
  });

  it.each<[string, number[][], number[]]>([
    ['ba', [[2, 3]], [3, 2]],
    ['bA', [[2, 3]], [3, 2]], // capitals come first
    [
      'ab,bc',
      [
        [2, 3],
        [3, 4],
      ],
      [2, 4],
    ],
    ['ii', [[3, 3]], []],
    ['i...', [[2, 3, 4]], [3, 4, 2]],
    [
      '...i,...i',
      [
        [2, 3],
        [4, 2, 3],
      ],
      [4, 2],
    ],
    ['i...j->...', [[2, 4, 3]], [4]],
    ['...i->i', [[3]], [3]], // an ellipsis of nothing may be left out
    ['i,i->i', [[1], [3]], [3]],
    ['...,...->...', [[2, 1], [3]], [2, 3]],
    ['', [[]], []],
    [' a b , b -> a ', [[2, 3], [3]], [2]],
    [
      'ij,jk->ik',
      [
        [2, 0],
        [0, 3],
      ],
      [2, 3],
    ],
  ])('%s of %j has the shape that NumPy gives it', (equation, shapes, expected) => {
    expect(f.einsum(equation, ...shapes.map((shape) => at(1, shape))).shape).toEqual(expected);
  });

  it('multiplies pairs by matmul: no temporary is larger than operands and results', () => {
    const [a, b, c] = [at(1, [40, 50]), at(2, [50, 60]), at(3, [60, 40])];
    f.backend().resetPeak();
    const before = f.memory().bytes;
    f.scope(() => void f.einsum('ij,jk,kl->il', a, b, c));
    expect((f.memory().peakBytes - before) / 4).toBeLessThan(40 * 50 + 50 * 60 + 60 * 40 + 3 * 60 * 40);
  });

  it.each<[RegExp, string, number[][]]>([
    [/einsum\/operands.*"ij,jk".*1 tensors; expected 2/, 'ij,jk', [[2, 3]]],
    [/einsum\/operands/, 'ij', []],
    [
      /einsum\/sizes.*extents 3 and 4 for the label "j"/,
      'ij,jk',
      [
        [2, 3],
        [4, 5],
      ],
    ],
    [/einsum\/sizes.*extents 1 and 3 for the label "i"/, 'ii', [[1, 3]]],
    [
      /einsum\/sizes.*extents 2 and 3 for an axis of the ellipsis/,
      '...i,...i',
      [
        [2, 4],
        [3, 4],
      ],
    ],
    [/einsum\/sizes.*\[2, 3\] for the term "i" .*expected 1 axes/, 'i', [[2, 3]]],
    [/einsum\/sizes.*expected at least 2 axes/, 'i...j', [[2]]],
    [/einsum\/equation.*the label "k" after the arrow/, 'ij->ik', [[2, 3]]],
    [/einsum\/equation.*a label twice/, 'i->ii', [[2]]],
    [/einsum\/equation.*an ellipsis before the arrow only/, '...i->i', [[2, 3]]],
    [/einsum\/equation.*the term "i\.\."/, 'i..', [[2]]],
    [/einsum\/equation.*the term "i1"/, 'i1', [[2]]],
    [/einsum\/equation.*a second arrow/, 'i->i->i', [[2]]],
    [/einsum\/equation.*the term "i,j"/, 'i->i,j', [[2]]],
  ])('says %s', (message, equation, shapes) => {
    expect(() => f.einsum(equation, ...shapes.map((shape) => at(1, shape)))).toThrow(message);
  });
});
