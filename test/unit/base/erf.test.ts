import { expect, it } from 'vitest';
import { erf, erfc, normalCdf } from '../../../src/base/erf';
import golden from '../../golden/ops.json';

it('erf and erfc agree with the C library to 1e-14 relative, far tails included', () => {
  for (const [x, expected, complement] of golden.erf as [number, number, number][]) {
    expect(Math.abs(erf(x) - expected), `erf(${x})`).toBeLessThanOrEqual(1e-14 * Math.abs(expected));
    const rounding = Math.abs(x) < 2 ? 2 ** -50 : 0; // there it is 1 − erf(x)
    expect(Math.abs(erfc(x) - complement), `erfc(${x})`).toBeLessThanOrEqual(1e-14 * complement + rounding);
  }
});

it('infinity and NaN are where they belong', () => {
  const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
  expect([erf(infinity), erf(-infinity), erf(nan)]).toEqual([1, -1, nan]);
  expect([normalCdf(-infinity), normalCdf(0), normalCdf(infinity), normalCdf(nan)]).toEqual([0, 0.5, 1, nan]);
});
