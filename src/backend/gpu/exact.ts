import { BackendError } from '../../base/errors';
import type { GpuRunner } from './runner';

/**
 * Whole numbers up to here are exact in float32, which is how threads compute places, and how the device holds int32
 * numbers.
 */
export const exact = 2 ** 24;

/** Places among `count` elements can be computed in float32. @throws BackendError `gpu/too-large` */
export function checkExact({ device }: GpuRunner, got: string, count: number, fix = 'split the tensor'): void {
  if (count <= exact) return;
  throw new BackendError({
    code: 'gpu/too-large',
    got,
    expected: `at most 2²⁴, which is as far as this device counts in floats (${device.mode}: ${device.adapter})`,
    fix: `${fix}, or use the wasm backend for this operation`,
  });
}
