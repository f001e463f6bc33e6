import fc from 'fast-check';
import { boolean, callable, number, optional, readOptions, refuseExtra, required, string } from '../../base/options';
import type { Arbitrary } from '../arbitrary';
import { hold } from '../finding';
import { type Law, type LawOptions, randomLaw, withOptions } from '../law';
import { bookkeepingLaws, emptyLaws } from './bookkeeping';
import type { OpCase, OpLaw } from './case';
import { derivativeLaws } from './derivatives';
import { extremeLaws } from './extremes';
import { fusedLaws } from './fused';
import type { Extents } from './shapes';

/** One op for the suite. */
export interface OpRow {
  /** In front of the title of each law. */
  readonly name: string;
  /** Random cases whose shapes are made of these extents. */
  cases(extent: Extents): Arbitrary<OpCase>;
  /** The op refuses shapes without elements, as max does. Default: false. */
  readonly needsElements?: boolean;
  /**
   * Inputs are also drawn up to 2^±reach: as far as all that is summed up inside a kernel fits in float32, and keeps
   * its bits next to each other. 120 is far enough to find what overflows without need. Default: 16.
   */
  readonly reach?: number;
}

const rowOptions = {
  name: required(string),
  cases: required(callable<OpRow['cases']>('of extents')),
  needsElements: optional(boolean, false),
  reach: optional(number({ low: 0 }), 16),
};

/**
 * What every differentiable op owes, on the current backend and at random shapes: its vjp and its second derivative
 * match finite differences, it pulls cotangents back linearly and to the shapes of the inputs, kernels agree with
 * formulas, results agree with the reference, also at extreme magnitudes, inputs stay as they are and no
 * memory stays behind.
 * @throws OptionError `options/unknown`, `options/range`
 * @example
 * const cube = (x: Tensor) => mul(x, square(x));
 * for (const { holds } of opLaws(elementwise('cube', cube))) {
 *   await holds(); // or, in a test runner, it(name, holds)
 * }
 */
export function opLaws(row: OpRow, options: LawOptions = {}): Law[] {
  if (arguments.length > 2) refuseExtra('opLaws', arguments, 2);
  const { name, cases, needsElements, reach } = readOptions('opLaws', rowOptions, row);
  const over = (extent: Extents, laws: readonly OpLaw[]): Law[] =>
    laws.map((law) =>
      randomLaw(`${name}: ${law.name}`, fc.tuple(cases(extent), fc.nat()), ([drawn, seed]) => hold(law, drawn, seed), {
        numRuns: law.runs,
      }),
    );
  const usual = [...derivativeLaws, ...fusedLaws, ...bookkeepingLaws, ...extremeLaws(reach)];
  return withOptions('opLaws', options, [
    ...over(fc.constantFrom(1, 2, 3, 4), usual),
    ...(needsElements ? [] : over(fc.constantFrom(0, 0, 1, 3), emptyLaws)),
  ]);
}
