import type { DType } from '../../../base/dtype';
import { checkArgument, refuseExtra } from '../../../base/options';
import { checkTensor } from '../../check';
import { dtypeKind } from '../../kinds';
import { compute } from '../../op';
import type { Tensor } from '../../tensor';

/**
 * The same values in another dtype; float32 → int32 truncates towards zero and stays within the range, and NaN becomes
 * 0. No derivative passes through a cast.
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  if (arguments.length > 2) refuseExtra('cast', arguments, 2);
  checkTensor('cast', x);
  checkArgument('cast', 'dtype', dtypeKind, dtype);
  return x.dtype === dtype ? x : compute('cast', [x], x.shape, (backend, [value]) => backend.cast(value, dtype));
}
