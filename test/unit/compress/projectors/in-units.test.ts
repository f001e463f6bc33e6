import { describe, expect, it } from 'vitest';
import { inUnits, onSide, projectors, random, ShapeError, type Tensor } from '../../../../src/index';
import { checkProjector } from '../../../../src/study';

const key = random.key(4);
const numbers = (x: Tensor): number[] => Array.from(x.dataSync());

describe('inUnits', () => {
  it('is the projector itself for c = 1', () => {
    const same = inUnits(projectors.gaussian, 1);
    for (const shape of [
      [6, 4],
      [4, 6],
    ]) {
      const g = random.normal(random.key(5), shape);
      const [p, q] = [same.sample(key, shape, 3), projectors.gaussian.sample(key, shape, 3)];
      expect(numbers(same.down(p, g))).toEqual(numbers(projectors.gaussian.down(q, g)));
      expect(numbers(same.up(p, same.down(p, g)))).toEqual(
        numbers(projectors.gaussian.up(q, projectors.gaussian.down(q, g))),
      );
    }
  });

  it('cuts rows into pieces on the right, and picks every c-th row of a column on the left', () => {
    const halves = inUnits(projectors.coordinates, 2); // of 2 coordinates of a unit, at rank 2 each is kept
    const tall = random.normal(random.key(6), [6, 4]);
    const wide = random.normal(random.key(6), [4, 6]);
    const right = halves.down(halves.sample(key, [6, 4], 2), tall);
    const left = halves.down(halves.sample(key, [4, 6], 2), wide);
    expect([right.shape, left.shape]).toEqual([
      [12, 2],
      [2, 12],
    ]);
    const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
    // The first half of the first row; entries (0, 0) and (2, 0).
    expect(sorted(numbers(right).slice(0, 2))).toEqual(sorted(numbers(tall).slice(0, 2)));
    const first = [0, 12].map((at) => numbers(left)[at] as number);
    expect(sorted(first)).toEqual(sorted([0, 12].map((at) => numbers(wide)[at] as number)));
  });

  // Relative squared error ((m/c) + 1)/r, among all the other promises; false alarms with chance 1e-9.
  it.each([2, 0.5])('keeps the laws of projectors for c = %s, with the error of its units', async (c) => {
    const report = await checkProjector(inUnits(projectors.gaussian, c), {
      cases: [
        { shape: [8, 16], rank: 2 },
        { shape: [15 * (c < 1 ? 2 : 1), 8], rank: 3 },
      ],
      effect: 0.3,
    });
    expect(report.verdicts.filter(({ passed }) => !passed)).toEqual([]);
    const seen = { values: new Float32Array(128).fill(1), shape: [8, 16], side: 'both' } as const;
    expect(inUnits(projectors.gaussian, c).theory(8, 2, seen).relativeMse).toBeCloseTo((8 / c + 1) / 2, 12);
  });

  it('hands a projector that looks at gradients the reshaped one', () => {
    const halves = inUnits(projectors.svd, 2);
    const g = random.normal(random.key(7), [6, 4]);
    const context = { key, first: true, step: 0, turn: 0, inner: undefined, path: 'w' };
    const p = halves.refresh?.(halves.sample(key, [6, 4], 2), g, context);
    if (!p) throw new Error('no refresh');
    // A unit has two coordinates, of which both are kept.
    numbers(halves.up(p, halves.down(p, g))).forEach((x, i) => {
      expect(x).toBeCloseTo(numbers(g)[i] as number, 5);
    });
    expect(halves.storedFloats([6, 4], 2)).toBe(4);
  });

  it.each([
    ['tall', [6, 4], 3, '[18, 1.33'],
    ['wide', [4, 6], 3, '[1.33'],
    ['tall, coarse', [5, 4], 0.5, '[2.5, 8]'],
    ['tall, on the left', [6, 4], 4, '[1.5, 16]'],
  ] as const)('says which extent is not whole: %s', (name, shape, c, shown) => {
    const given = name === 'tall, on the left' ? onSide(projectors.gaussian, 'left') : projectors.gaussian;
    const sample = () => inUnits(given, c).sample(key, shape, 1);
    expect(sample).toThrow(ShapeError);
    expect(sample).toThrow('projector/units');
    expect(sample).toThrow(shown);
  });
});
