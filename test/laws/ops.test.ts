import { describe, expect, it } from 'vitest';
import { opLaws } from '../../src/laws';
import * as ops from '../../src/tensor/ops';
import { lawsOfComposed } from './composed';
import { internalRows } from './internal-ops';
import { composedRows, kernelRows, rows } from './ops';

/** Their results do not depend smoothly on any tensor: whole numbers, fresh tensors, or no derivative by definition. */
const notDifferentiable = [
  'arange',
  'argmax',
  'equal',
  'eye',
  'full',
  'greater',
  'greaterEqual',
  'less',
  'lessEqual',
  'linspace',
  'ones',
  'random',
  'roundStochastically',
  'stopGradient',
  'tensor',
  'zeros',
];

for (const row of [...rows, ...internalRows]) {
  // Kernels depend on shapes in more ways than what calls those of others.
  const options = kernelRows.includes(row) || internalRows.includes(row) ? {} : { runs: 10 };
  describe(row.name, () => {
    for (const { name, holds } of opLaws(row, options)) it(name, holds);
  });
}

for (const row of composedRows) {
  describe(row.name, () => {
    for (const { name, holds } of lawsOfComposed(row)) it(name, holds);
  });
}

it('every op has a row, or is known to have no derivative', () => {
  const withRow = [...rows, ...composedRows, ...internalRows].map(({ name }) => name.split(':')[0]);
  const missing = Object.keys(ops).filter((name) => !withRow.includes(name) && !notDifferentiable.includes(name));
  expect(missing).toEqual([]);
});
