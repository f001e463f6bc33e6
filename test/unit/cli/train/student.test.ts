import quantile from '@stdlib/stats-base-dists-t-quantile';
import { expect, it } from 'vitest';
import { studentFactor } from '../../../../src/cli/train/student';

it.each([1, 2, 3, 4, 5, 6, 7, 9, 10, 29, 30, 99, 999])(
  'the factor of %i degrees of freedom is that of a library',
  (degrees) => {
    expect(studentFactor(degrees)).toBeCloseTo(quantile(0.975, degrees), 9);
  },
);
