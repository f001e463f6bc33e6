import { describe, it } from 'vitest';
import { fixedSide, type Projector, projectors } from '../../src/index';
import { projectorLaws } from '../../src/laws';

const { countSketch, coordinatesByNorm, coordinatesWithReplacement, sparse, ...rest } = projectors;

/** One row each; `explicit` promises nothing. */
const rows: readonly Projector[] = [
  rest.gaussian,
  fixedSide(rest.gaussian, 'right'),
  fixedSide(rest.gaussian, 'left'),
  rest.rademacher,
  sparse(),
  sparse({ sparsity: 8 }),
  countSketch(),
  countSketch({ nonzeros: 3 }),
  rest.srht,
  rest.haar,
  rest.haarUnscaled,
  rest.coordinates,
  coordinatesWithReplacement(),
  coordinatesByNorm({ of: 'norm' }),
  coordinatesByNorm({ of: 'squaredNorm' }),
  rest.topCoordinates,
  rest.twoSidedAverage,
  rest.shrunkGaussian,
];

for (const [i, projector] of rows.entries()) {
  describe(`${i}: ${projector.name}`, () => {
    for (const { name, holds } of projectorLaws(projector)) it(name, holds);
  });
}

describe('twoSidedProduct', () => {
  // At rank 1 its error is a hundredfold, and so are the draws: small shapes, and only large effects.
  const options = { statisticalRuns: 3, largest: 5, effect: 0.5 };
  for (const { name, holds } of projectorLaws(projectors.twoSidedProduct, options)) it(name, holds);
});
