import { describe, it } from 'vitest';
import { usualInstances } from '../../src/compress/projectors/projectors';
import { fixedSide, projectors } from '../../src/index';
import { type ProjectorLawsOptions, projectorLaws } from '../../src/laws';

// Every projector with its usual options; `explicit` promises nothing.
const rows = {
  ...usualInstances(),
  'gaussian, fixed on the right': fixedSide(projectors.gaussian, 'right'),
  'gaussian, fixed on the left': fixedSide(projectors.gaussian, 'left'),
};

const options: Readonly<Record<string, ProjectorLawsOptions>> = {
  // At rank 1 its error is a hundredfold, and so are the draws: small shapes, and only large effects.
  twoSidedProduct: { statisticalRuns: 3, largest: 5, effect: 0.5 },
};

for (const [label, projector] of Object.entries(rows)) {
  describe(label, () => {
    for (const { name, holds } of projectorLaws(projector, options[label])) it(name, holds);
  });
}
