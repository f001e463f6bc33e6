import { checkOptions } from '../../base/errors';
import { normalizeAxis, sizeOf } from '../../base/shape';
import { checkFloat, compute } from '../op';
import type { Tensor } from '../tensor';
import { emptyReduction } from './max';
import { reducedShape } from './reduce';
import { reshape } from './reshape';

/**
 * int32 position of the first largest element along an axis (default: of all elements); NaN counts as largest. No
 * derivative.
 * @throws ShapeError `reduce/empty`, `axis/range`
 */
export function argmax(x: Tensor, options: { axis?: number; keepDims?: boolean } = {}): Tensor {
  checkOptions('argmax', options, ['axis', 'keepDims']);
  checkFloat('argmax', x);
  const { axis, keepDims = false } = options;
  const flat = axis === undefined ? reshape(x, [x.size]) : x;
  const at = normalizeAxis('argmax', axis ?? 0, flat.shape);
  const length = flat.shape[at] as number;
  if (length === 0) throw emptyReduction('argmax', x);
  const run = [sizeOf(flat.shape.slice(0, at)), length, sizeOf(flat.shape.slice(at + 1))] as const;
  const shape = axis === undefined && keepDims ? x.shape.map(() => 1) : reducedShape(flat.shape, [at], keepDims);
  return compute<1>('argmax', [flat], shape, (backend, [value]) => backend.argmax(value, run));
}
