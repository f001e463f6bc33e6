import { fillRow } from '../../src/base/distribution';
import type { Arrays } from '../contestant';

/** Independent normal numbers, the same in every run. */
export function normal(seed: number, shape: readonly number[]): Arrays[string] {
  const values = new Float32Array(shape.reduce((product, n) => product * n, 1));
  fillRow('normal', [seed, 0], 0, 0, values);
  return { shape, values };
}

/** Independent whole numbers from 0 to `below` − 1, the same in every run. */
export function integers(seed: number, shape: readonly number[], below: number): Arrays[string] {
  const uniform = new Float32Array(shape.reduce((product, n) => product * n, 1));
  fillRow('uniform', [seed, 0], 0, 0, uniform);
  return { shape, values: Int32Array.from(uniform, (u) => Math.min(below - 1, Math.floor(u * below))) };
}
