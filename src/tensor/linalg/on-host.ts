import type { DType, TypedArray } from '../../base/dtype';
import type { Shape } from '../../base/shape';
import { computeAll } from '../op';
import { currentScope, runInScope } from '../scope';
import type { Tensor } from '../tensor';

/**
 * Run an algorithm that no device has a kernel for: read the inputs, solve in plain JavaScript, and give the results
 * of these shapes back to the backend; all have one dtype. `solve` may write to its inputs, which are copies. The one
 * place that knows how; a backend that answers later has a way of its own, `Backend.onHost`.
 */
export function onHost(
  origin: string,
  inputs: readonly Tensor[],
  shapes: readonly Shape[],
  solve: (inputs: readonly TypedArray[]) => readonly TypedArray[],
  dtype: DType = 'float32',
): Tensor[] {
  if (!currentScope()) return runInScope(origin, () => onHost(origin, inputs, shapes, solve, dtype));
  return computeAll(origin, inputs, shapes, (backend, values) => {
    if (backend.onHost !== undefined) {
      const results = shapes.map((shape) => ({ shape, dtype }));
      return backend.onHost(values, results, solve);
    }
    return solve(values.map(({ storage }) => backend.readSync(storage))).map((result) => backend.fromHost(result));
  });
}
