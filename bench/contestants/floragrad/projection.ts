import { backend, keep, matmul, mul, projectors, random, scope, type Tensor } from '../../../src';
import { makeResident } from '../../../src/tensor/assign';
import type { Arrays, Prepared, Settings, TaskOf } from '../../contestant';
import { prepareOp } from './ops';
import { arrayOf, resident } from './resident';

/** G·Aᵀ or C·A with Flora's projection A [rank, size]: generated inside the product, in advance, or just before it. */
export function projection({ size, rank, way }: TaskOf<'projection'>, arrays: Arrays, { how }: Settings): Prepared {
  const x = resident(arrayOf(arrays, 'x')); // G [size, size], or C [size, rank]
  const bytesOfX = backend().memory().bytes;
  const drawn = projectors.gaussian.sample(random.key(1), [size, size], rank);
  const matrix = (): Tensor => mul(random.normal(drawn.key, [rank, size]), 1 / Math.sqrt(rank));
  const times = (a: Tensor): Tensor => matmul(x, a, { transposeB: way === 'down' });
  const prepared = prepareOp(productOf(how));
  return {
    ...prepared,
    peakBytes() {
      backend().resetPeak();
      void prepared.run();
      return backend().memory().peakBytes - bytesOfX;
    },
  };

  function productOf(how: string | number | undefined): () => Tensor {
    if (how === 'generated') return () => times(matrix());
    if (how === 'fused') return () => projectors.gaussian[way](drawn, x);
    const ready = scope(() => keep(matrix()));
    makeResident(ready);
    return () => times(ready);
  }
}
