import { normalizeAxis, sizeOf } from '../../base/shape';
import { checkFloat, compute } from '../op';
import type { Tensor } from '../tensor';
import { emptyReduction } from './max';
import { reducedShape } from './reduce';
import { reshape } from './reshape';

/** int32 position of the first largest element along an axis (default: of all elements). No derivative. */
export function argmax(x: Tensor, { axis, keepDims = false }: { axis?: number; keepDims?: boolean } = {}): Tensor {
  checkFloat('argmax', x);
  const flat = axis === undefined ? reshape(x, [x.size]) : x;
  const at = normalizeAxis('argmax', axis ?? 0, flat.shape);
  const length = flat.shape[at] as number;
  if (length === 0) throw emptyReduction('argmax', x);
  const run = [sizeOf(flat.shape.slice(0, at)), length, sizeOf(flat.shape.slice(at + 1))] as const;
  const shape = axis === undefined && keepDims ? x.shape.map(() => 1) : reducedShape(flat.shape, [at], keepDims);
  return compute<1>('argmax', [flat], shape, (backend, [value]) => backend.argmax(value, run));
}
