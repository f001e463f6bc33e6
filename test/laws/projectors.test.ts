import { describe, expect, it } from 'vitest';
import { usualInstances } from '../../src/compress/projectors/projectors';
import { fixedSide, type Projector, projectors, random } from '../../src/index';
import { type ProjectorLawsOptions, projectorLaws } from '../../src/laws';
import { checkProjector } from '../../src/study';

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

describe('a projector of an older gradient, which has one draw for all keys', () => {
  const older = random.normal(random.key(5), [6, 16]);
  const cases = [{ shape: [6, 16], rank: 3 }] as const;
  const convicted = async (projector: Projector<never>): Promise<string[]> => {
    const { verdicts } = await checkProjector(projector, { cases, effect: 0.5 });
    return [...new Set(verdicts.filter(({ passed }) => !passed).map(({ check }) => check))];
  };

  it('is certified', async () => {
    expect(await convicted(projectors.svdOf(older) as Projector<never>)).toEqual([]);
  });

  it('is no excuse for a random one', async () => {
    const random: Projector<never> = { ...(projectors.haar as Projector<never>), fixed: true };
    expect(await convicted(random)).toEqual(['regeneration', 'rank']);
  });
});
