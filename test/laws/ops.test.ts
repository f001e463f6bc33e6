import { describe, expect, it } from 'vitest';
import { opLaws } from '../../src/laws';
import * as ops from '../../src/tensor/ops';
import { internalRows } from './internal-ops';
import { rows } from './ops';

const everyRow = [...rows, ...internalRows];

/** Their results do not depend smoothly on any tensor: whole numbers, fresh tensors, or no derivative by definition. */
const notDifferentiable = [
  'all',
  'any',
  'arange',
  'argmax',
  'argmin',
  'argsort',
  'equal',
  'eye',
  'full',
  'greater',
  'greaterEqual',
  'isFinite',
  'isNaN',
  'less',
  'lessEqual',
  'linspace',
  'oneHot',
  'logicalAnd',
  'logicalNot',
  'logicalOr',
  'notEqual',
  'ones',
  'random',
  'roundStochastically',
  'stopGradient',
  'tensor',
  'zeros',
];

for (const row of everyRow) {
  describe(row.name, () => {
    for (const { name, holds } of opLaws(row)) it(name, holds);
  });
}

it('every op has a row, or is known to have no derivative', () => {
  const withRow = everyRow.map(({ name }) => name.split(':')[0]);
  const missing = Object.keys(ops).filter((name) => !withRow.includes(name) && !notDifferentiable.includes(name));
  expect(missing).toEqual([]);
});
