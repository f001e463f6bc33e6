import { expect, test } from 'vitest';
import { bytes, duration, spread } from '../../../../src/cli/terminal/format';
import { textTable } from '../../../../src/cli/terminal/table';
import { percent } from '../../../../src/study/numbers';

test('columns are as wide as their widest cell', () => {
  const columns = [
    { heading: 'name', cell: (row: { name: string; n: number }) => row.name },
    { heading: 'n', align: 'right' as const, cell: (row: { n: number }) => String(row.n) },
  ];
  const rows = [
    { name: 'a', n: 1 },
    { name: 'longer', n: 100 },
  ];
  expect(textTable(columns, rows)).toEqual(['name      n', '──────  ───', 'a         1', 'longer  100']);
});

test('numbers as people read them', () => {
  expect([0, 1023, 1024, 12.5 * 1024, 3 * 1024 ** 2].map(bytes)).toEqual([
    '0 B',
    '1023 B',
    '1.00 KiB',
    '12.5 KiB',
    '3.00 MiB',
  ]);
  expect([0.25, 59.6, 100, 7260].map(duration)).toEqual(['0.3 s', '60 s', '2 min', '2 h 1 min']);
  expect([0.5, -0.0123, -0.00001].map(percent)).toEqual(['50.0 %', '−1.2 %', '0.0 %']);
  expect(spread([1, 3], (x) => x.toFixed(1))).toBe('2.0 ± 1.4');
});
