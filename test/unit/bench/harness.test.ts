import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readArrays, writeArrays } from '../../../bench/harness/array-file';
import { relativeDifference } from '../../../bench/harness/contest';
import { median, pairedRatios, spread } from '../../../bench/harness/statistics';
import { summaryOf } from '../../../bench/harness/table';

describe('statistics of the benchmark', () => {
  test('a median lies in the middle, whatever the order', () => {
    expect(median([9, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  test('ratios are taken within rounds: what slows a round slows both', () => {
    expect(pairedRatios([2, 20, 6], [1, 10, 2])).toEqual([2, 2, 3]);
    expect(spread(pairedRatios([2, 20, 6], [1, 10, 2]))).toEqual({ median: 2, min: 2, max: 3 });
  });

  test('who sat rounds out is compared in the others', () => {
    expect(pairedRatios([12], [4, 1, 1])).toEqual([3]);
  });
});

describe('outcomes of the benchmark', () => {
  test('differences are relative to the largest number', () => {
    expect(relativeDifference([1, 101], [1, 100])).toBeCloseTo(0.01);
  });

  test('a NaN, or nothing to compare, agrees with nothing', () => {
    expect(relativeDifference([1, Number.NaN], [1, 2])).toBeNaN();
    expect(relativeDifference([], [1])).toBeNaN();
  });

  test('losses of fewer steps are compared as far as they go', () => {
    expect(relativeDifference([4, 3], [4, 3, 2])).toBe(0);
  });

  test('arrays come out of their file as they went in', () => {
    const directory = mkdtempSync(join(tmpdir(), 'floragrad-bench-'));
    const task = { kind: 'elementwise', op: 'add' } as const;
    const x = { shape: [2, 2], values: Float32Array.of(1, -2, Number.NaN, 0.1) };
    const y = { shape: [3], values: Int32Array.of(-1, 0, 2 ** 31 - 1) };
    writeArrays(join(directory, 'case'), task, { x, y });
    expect(readArrays(join(directory, 'case'))).toEqual({ task, arrays: { x, y } });
    rmSync(directory, { recursive: true });
  });
});

test('the summary names the fastest peer, and no contestant of another kind', () => {
  const standing = (label: string, peer: boolean, seconds: number[]) => ({
    ...{ label, peer, seconds },
    ...{ difference: 0, residentBytes: null, heapBytes: null },
  });
  const standings = [
    standing('floragrad', false, [1, 2, 1]),
    standing('floragrad, baseline build', false, [2, 4, 2]),
    standing('slow', true, [9, 9, 9]),
    standing('fast', true, [3, 6, 3]),
    standing('native', false, [0.1, 0.1, 0.1]),
  ];
  const result = { group: 'g', name: 'a case', effort: { rounds: 3, seconds: 1 }, standings, failures: [] };
  expect(summaryOf([result])?.rows).toEqual([['a case', 'fast', '3.00 (3.00–3.00)', '1.50 (1.50–1.50)']]);
});
