import type { DType } from '../../base/dtype';
import { compute } from '../op';
import type { Tensor } from '../tensor';

/**
 * The same values in another dtype; float32 → int32 truncates towards zero and stays within the range, and NaN becomes
 * 0. No derivative passes through a cast.
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : compute<1>('cast', [x], x.shape, (backend, [value]) => backend.cast(value, dtype));
}
