import { refuseExtra } from '../../base/options';
import type { FullBackend } from '../contract';
import { attention } from './attention';
import { ReferenceDevice } from './device';
import { elementwise } from './elementwise';
import { movement } from './movement';
import { products } from './products';
import { random } from './random';
import { reductions } from './reductions';
import { rows } from './rows';
import { storages } from './storages';
import { updates } from './updates';

/**
 * The oracle: one plain loop per operation, sums in float64, results rounded once to float32. Every other backend is
 * tested against this one. It is meant to be read first and is not meant to be fast.
 *
 * Numbers of JavaScript are float64, and only the assignment to an element of a `Float32Array` rounds. So a sum of a
 * thousand products is rounded to float32 once, at its end. What a float32 kernel deviates by is then that kernel's own
 * error, for which a tolerance can be derived from the length of the sum; an oracle that rounded at every addition would
 * err as much as what it judges.
 */
export function referenceBackend(): FullBackend {
  if (arguments.length > 0) refuseExtra('referenceBackend', arguments, 0);
  const device = new ReferenceDevice();
  return {
    name: 'reference',
    describe: () => ({ backend: 'reference', precision: 'float32 values, float64 sums', threads: 1 }),
    memory: () => ({ ...device.live }),
    resetPeak() {
      device.live.peakBytes = device.live.bytes;
    },
    poison(on) {
      device.poisoned = on;
    },
    ...storages(device),
    ...elementwise(device),
    ...products(device),
    ...attention(device),
    ...reductions(device),
    ...rows(device),
    ...movement(device),
    ...updates(device),
    ...random(device),
  };
}
