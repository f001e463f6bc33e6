import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linearLabels, logLabels, logTicks } from '../../site/playground/src/lib/axis';
import { bars, keptOf } from '../../site/playground/src/lib/kept';
import {
  differencePicture,
  errorPicture,
  lossPicture,
  rankPicture,
  runningMean,
} from '../../site/playground/src/lib/pictures';
import { thin } from '../../site/playground/src/lib/thin';
import { viewsOf } from '../../site/playground/src/lib/views';
import { bytes, number } from '../../site/playground/src/lib/words';
import type { Look, Outcome } from '../../site/playground/src/training/contract';

const values = fc.array(fc.oneof(fc.double({ min: -9, max: 9, noNaN: true }), fc.constant(Number.NaN)), {
  maxLength: 400,
});

test('a thinned curve is short, in order, of points of the curve, and loses neither the least nor the greatest', () => {
  fc.assert(
    fc.property(values, values, fc.integer({ min: 2, max: 60 }), (a, b, most) => {
      const longer = a.length > b.length ? a : b;
      const xs = longer.map((_, i) => 10 * i);
      const [thinXs, ...lines] = thin(xs, [a, b], most);
      expect(thinXs.length).toBeLessThanOrEqual(most + 1);
      expect(thinXs).toEqual([...new Set(thinXs)].sort((x, y) => x - y));
      [a, b].forEach((line, l) => {
        const kept = lines[l]?.filter((value) => value !== null) ?? [];
        const real = line.filter((value) => !Number.isNaN(value));
        expect(lines[l]).toHaveLength(thinXs.length);
        expect(kept.every((value) => real.includes(value))).toBe(true);
        if (real.length === 0) return;
        expect([Math.min(...kept), Math.max(...kept)]).toEqual([Math.min(...real), Math.max(...real)]);
      });
    }),
  );
});

test('of two extremes in a bucket, the one that comes first is drawn first', () => {
  const rising = thin([0, 1, 2, 3, 4, 5, 6, 7], [[1, 2, 3, 4, 5, 6, 7, 8]], 4);
  expect(rising[1]).toEqual([1, 4, 5, 8]);
  const falling = thin([0, 1, 2, 3, 4, 5, 6, 7], [[8, 7, 6, 5, 4, 3, 2, 1]], 4);
  expect(falling[1]).toEqual([8, 5, 4, 1]);
});

test('a last bucket of two keeps both', () => {
  expect(thin([0, 1, 2, 3, 4, 5, 6, 7], [[1, 2, 3, 4, 5, 6, 7, 8]], 6)[1]).toEqual([1, 3, 4, 6, 7, 8]);
});

test('a running mean is of the last values, and of fewer at the beginning', () => {
  expect(runningMean([4, 2, 6, 1, 5], 2)).toEqual([4, 3, 4, 3.5, 3]);
});

function look(step: number, differs: Partial<Look> = {}): Look {
  return { step, gradient: [2, 1], survived: [], updateRank: 0, error: null, ...differs };
}

function outcome(losses: readonly number[], looks: readonly Look[] = []): Outcome {
  const start = { backend: '', stateBytes: 0, trained: 0, watched: { path: 'w', shape: [8, 6] as const } };
  return { start, readings: losses.map((loss, step) => ({ step, loss })), looks, texts: [] };
}

test('losses of tracks that are not equally far, with a level that the claim speaks of', () => {
  const preset = { lines: () => [{ name: 'floor', loss: 0.25 }] };
  const { columns, summary, levels } = lossPicture([outcome([3, 2]), outcome([3, 1, 0.5])], ['A', 'B'], {
    meanOf: 1,
    preset,
  });
  expect(columns).toEqual([
    [0, 1, 2],
    [3, 2, null],
    [3, 1, 0.5],
  ]);
  expect(summary).toBe('Loss at step 2: A: 2; B: 0.5. Dotted: floor: 0.25.');
  expect(levels).toEqual([{ name: 'floor', y: 0.25 }]);
});

test('a table has few rows, and the last step among them', () => {
  const losses = Array.from({ length: 1001 }, (_, i) => 1 / (i + 1));
  const { table } = lossPicture([outcome(losses)], ['A'], { meanOf: 1, preset: null });
  expect(table.head).toEqual(['Step', 'A']);
  expect(table.rows.length).toBeLessThanOrEqual(12);
  expect(table.rows.at(-1)).toEqual(['1,000', number(1 / 1001)]);
});

test('the difference is the greatest so far, relative to the first track, at equal steps', () => {
  const { columns, summary } = differencePicture([outcome([4, 2, 2]), outcome([4, 3, 2, 9])], ['A', 'B']);
  expect(columns).toEqual([
    [0, 1, 2],
    [0, 0.5, 0.5],
  ]);
  expect(summary).toContain('B: 0.5');
});

test('a rank stays until the next look, and ends with the last', () => {
  const a = outcome([], [look(0), look(4, { updateRank: 3 })]);
  const b = outcome([], [look(0), look(2, { updateRank: 1 })]);
  const { columns, summary } = rankPicture([a, b], ['A', 'B']);
  expect(columns).toEqual([
    [0, 2, 4],
    [0, 0, 3],
    [0, 1, null],
  ]);
  expect(summary).toBe('Rank of the update, of 6 that are possible: A: 3; B: 1.');
});

test('errors stand at their number of draws, measured beside theory', () => {
  const error = { draws: 2, measured: 0.4, theory: 0.5 };
  const { columns, summary } = errorPicture([outcome([], [look(0), look(7, { error })]), outcome([])], ['A', 'B']);
  expect(columns).toEqual([[2], [0.4], [0.5], [null], [null]]);
  expect(summary).toBe('Squared relative error after 2 draws: A: 0.4 (theory 0.5).');
});

test('what gets through: rank beside the gradient’s largest, and its share', () => {
  expect(keptOf({ gradient: [2, 1, 1], survived: [3, 1e-9] })).toEqual({ rank: 1, energy: 1.5 });
  expect(keptOf({ gradient: [2, 1], survived: [1e-9, 1e-9] })?.rank).toBe(0);
  expect(keptOf({ gradient: [2, 1], survived: [] })).toBeNull();
});

test('bars stand on the ground, each in its place', () => {
  expect(bars([1, 0, 2], (value) => value, 4, 0.5, { width: 40, height: 10 })).toBe(
    'M2.50 10v-10.00h5.00v10.00zM22.50 10v-10.00h5.00v10.00z',
  );
});

test('logarithmic axes: powers of ten, at most seven, and twos and fives where powers are few', () => {
  const decade = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => digit / 10);
  expect(logTicks([...decade, 1])).toEqual([0.1, 0.2, null, null, 0.5, null, null, null, null, 1]);
  const many = Array.from({ length: 15 }, (_, i) => 10 ** (i - 14));
  expect(logTicks(many).filter((tick) => tick !== null).length).toBeLessThanOrEqual(7);
  expect(logLabels([0.001, null, 0.02, 1000])).toEqual(['0.001', '', '0.02', '1,000']);
  expect(logLabels([1e-9, 1])).toEqual(['10⁻⁹', '10⁰']);
  expect(linearLabels([0, 0.5, 1500])).toEqual(['0', '0.5', '1,500']);
});

test('numbers and bytes as they are read', () => {
  expect([0.12345, 1234.5, 0, -2.5, 3.14e-8, 2e7].map(number)).toEqual([
    '0.123',
    '1235',
    '0',
    '−2.5',
    '3.1 × 10⁻⁸',
    '2.0 × 10⁷',
  ]);
  expect([Number.NaN, Number.NEGATIVE_INFINITY].map(number)).toEqual(['not a number', '−infinite']);
  expect([512, 2048, 3 * 1024 ** 2].map(bytes)).toEqual(['512 B', '2 KB', '3 MB']);
});

test('the claim’s view comes first, and no view leaves a hole beside it', () => {
  const methods = {
    flora: { name: '', says: '', reads: ['onRefresh'] as const },
    adam: { name: '', says: '', reads: [] },
  };
  const setting = (task: 'linear' | 'names', method: 'flora' | 'adam') =>
    ({ task, tracks: [{ method }] }) as unknown as Parameters<typeof viewsOf>[0];
  for (const task of ['linear', 'names'] as const) {
    for (const method of ['flora', 'adam'] as const) {
      for (const view of [null, 'loss', 'rank', 'spectrum', 'text', 'difference', 'error'] as const) {
        const views = viewsOf(setting(task, method), view && { view }, methods, false);
        expect(views[0]).toEqual({ view: view ?? 'loss', wide: true });
        expect(views.filter(({ wide }) => !wide).length % 2).toBe(0);
        expect(new Set(views.map(({ view }) => view)).size).toBe(views.length);
      }
    }
  }
  const names = (method: 'flora' | 'adam', drew: boolean) =>
    viewsOf(setting('linear', method), null, methods, drew).map(({ view }) => view);
  expect(names('adam', false)).not.toContain('error');
  expect(names('adam', true)).toContain('error');
  expect(names('flora', false)).not.toContain('text');
});
