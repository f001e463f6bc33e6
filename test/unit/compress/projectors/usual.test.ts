import { expect, it } from 'vitest';
import { usualInstances } from '../../../../src/compress/projectors/projectors';
import { projectors } from '../../../../src/index';

it('every projector has usual instances, except those that need a gradient or matrices to be made', () => {
  const made = Object.values(usualInstances());
  const plain = Object.entries(projectors).flatMap(([name, of]) => (typeof of === 'function' ? [] : [name]));
  for (const name of plain) expect(made).toContain(projectors[name as 'gaussian']);
  // Those with options have names of their own where an option makes another projector.
  const others = made.map(({ name }) => name).filter((name) => !plain.includes(name));
  expect(others).toEqual([
    'sparse',
    'sparse',
    'countSketch',
    'osnap',
    'coordinatesWithReplacement',
    'coordinatesByNorm',
    'coordinatesBySquaredNorm',
  ]);
});

it('the options that a label names are those of its projector', () => {
  const given = (label: string): number => {
    const { [label]: projector } = usualInstances();
    return projector?.theory(16, 6).relativeMse ?? Number.NaN;
  };
  expect([given('sparse'), given('sparse, sparsity 8')]).toEqual([(16 - 2 + 3) / 6, (16 - 2 + 8) / 6]);
});
