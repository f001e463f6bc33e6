import type { Backend } from '../../backend/contract';
import { callable, checkArgument, refuseExtra } from '../../base/options';
import { type Law, type LawOptions, law, withOptions } from '../law';
import { claim } from '../violation';
import { attentionLaws } from './attention';
import { elementwiseLaws } from './elementwise';
import { movementLaws } from './movement';
import { productLaws } from './products';
import { randomNumberLaws } from './random';
import { reductionLaws } from './reductions';
import { rowLaws } from './rows';
import { storageLaws } from './storage';
import { trial } from './trial';
import { updateLaws } from './updates';

/**
 * What every backend owes: it agrees with the reference within the tolerance policy (random numbers to the bit), it
 * leaves operands alone, and it keeps account of its memory. One backend is made for the whole list, when the first law
 * runs; what it frees is overwritten with NaN.
 * @throws OptionError `options/unknown`, `options/range`
 * @example
 * for (const { holds } of backendLaws(() => wasmBackend()).slice(0, 3)) {
 *   await holds(); // or, in a test runner and for all of them, it(name, holds)
 * }
 */
export function backendLaws(create: () => Backend, options: LawOptions = {}): Law[] {
  if (arguments.length > 2) refuseExtra('backendLaws', arguments, 2);
  checkArgument('backendLaws', 'create', callable('that makes a backend'), create);
  const tried = trial(create);
  return withOptions('backendLaws', options, [
    ...elementwiseLaws(tried),
    ...productLaws(tried),
    ...attentionLaws(tried),
    ...randomNumberLaws(tried),
    ...reductionLaws(tried),
    ...rowLaws(tried),
    ...updateLaws(tried),
    ...movementLaws(tried),
    ...storageLaws(tried),
    law('says what it is', () => {
      const { name } = tried.backend();
      claim(name !== '', 'the backend has no name');
      claim('precision' in tried.backend().describe(), 'describe() says nothing about precision');
    }),
  ]);
}
