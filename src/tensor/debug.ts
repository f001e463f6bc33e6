import { backend } from '../backend/current';
import { checkOptions, StateError } from '../base/errors';
import type { Value } from './value';

export const debugging = { nonFinite: false };

/**
 * Switches for finding a fault. `nonFinite`: stop at the first op that makes NaN or infinity and name it; reads every
 * result, so it is slow. `poison`: overwrite freed memory of the current backend with NaN.
 */
export function debug(options: { nonFinite?: boolean; poison?: boolean }): void {
  checkOptions('debug', options, ['nonFinite', 'poison']);
  if (options.nonFinite !== undefined) debugging.nonFinite = options.nonFinite;
  if (options.poison !== undefined) backend().poison(options.poison);
}

/** @throws StateError `debug/non-finite` */
export function checkFinite(where: string, value: Value): void {
  const bad = value.backend.readSync(value.storage).findIndex((x) => !Number.isFinite(x));
  if (bad < 0) return;
  throw new StateError({
    code: 'debug/non-finite',
    got: `${where} made ${value} whose element ${bad} is not finite`,
    expected: 'finite numbers',
    fix: 'look at the inputs of this op; a smaller learning rate or an epsilon often helps',
  });
}
