import { expect, it } from 'vitest';
import { usualInstances } from '../../../../src/compress/projectors/projectors';
import { projectors, random } from '../../../../src/index';

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

it('a label stands for one projector', () => {
  const draws = Object.entries(usualInstances()).map(([label, projector]) => {
    const p = projector.sample(random.key(1), [24, 16], 6);
    return [
      label,
      projector
        .down(p, random.normal(random.key(2), [24, 16]))
        .dataSync()
        .join(),
    ];
  });
  // The shrunk and unscaled ones differ from theirs by a factor; the samples by norm are uniform before a gradient.
  const uniform = ['coordinatesWithReplacement', 'coordinatesByNorm', 'coordinatesBySquaredNorm'];
  const distinct = draws.filter(([label]) => !uniform.slice(1).includes(label as string));
  expect(new Set(distinct.map(([, values]) => values)).size).toBe(distinct.length);
});
