import { refuseExtra } from '../base/options';
import { forEachTensor } from '../tensor/tree';

/** Bytes of all tensors in a state; its numbers and strings are not counted. */
export function stateBytes(state: unknown): number {
  if (arguments.length > 1) refuseExtra('stateBytes', arguments, 1);
  let bytes = 0;
  forEachTensor(state, (tensor) => {
    bytes += 4 * tensor.size;
  });
  return bytes;
}
