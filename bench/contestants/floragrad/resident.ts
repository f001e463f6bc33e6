import { type Tensor, tensor } from '../../../src';
import { makeResident } from '../../../src/tensor/assign';
import type { Arrays } from '../../contestant';

/** A tensor on the device for good, as a trainer's parameters are. */
export function resident({ shape, values }: Arrays[string]): Tensor {
  const made = tensor(values, { shape: [...shape], dtype: values instanceof Int32Array ? 'int32' : 'float32' });
  makeResident(made);
  return made;
}

/** The array of this name, which the case promises. */
export function arrayOf(arrays: Arrays, name: string): Arrays[string] {
  const array = arrays[name];
  if (array) return array;
  throw new Error(`the case has no array "${name}"`);
}
