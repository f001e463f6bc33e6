import type { TypedArray } from '../../base/dtype';
import type { Shape } from '../../base/shape';
import { computeAll } from '../op';
import { currentScope, runInScope } from '../scope';
import type { Tensor } from '../tensor';

/**
 * Run an algorithm that no device has a kernel for: read the inputs, solve in plain JavaScript, and give the results
 * back to the backend. `solve` may write to its inputs, which are copies.
 *
 * The one place that knows how (D1). A backend that cannot read synchronously has to return storages of these shapes at
 * once that are promises inside: read back when the inputs are there, solve, upload; an error of `solve` then comes out
 * of the next read. Its `describe()` must say that decompositions run on the CPU.
 */
export function onHost(
  origin: string,
  inputs: readonly Tensor[],
  shapes: readonly Shape[],
  solve: (inputs: readonly TypedArray[]) => readonly TypedArray[],
): Tensor[] {
  if (!currentScope()) return runInScope(origin, () => onHost(origin, inputs, shapes, solve));
  return computeAll(origin, inputs, shapes, (backend, values) =>
    solve(values.map(({ storage }) => backend.readSync(storage))).map((result) => backend.fromHost(result)),
  );
}
