import { add, scope, sum, type Tensor, valueAndGrad } from '../../../src';
import type { Arrays, Prepared, Settings, TaskOf } from '../../contestant';
import { arrayOf, resident } from './resident';

/** Many additions of two small tensors: not recorded; recorded, with a backward pass that needs none of them; or both. */
export function dispatch({ repeats }: TaskOf<'dispatch'>, arrays: Arrays, { record }: Settings): Prepared {
  const [x, y] = [resident(arrayOf(arrays, 'x')), resident(arrayOf(arrays, 'y'))];
  const additions = (): Tensor => {
    let result = x;
    for (let i = 0; i < repeats; i++) result = add(x, y);
    return result;
  };
  const chain = (): Tensor => {
    let result = x;
    for (let i = 0; i < repeats; i++) result = add(result, y);
    return result;
  };
  const loss = (): Tensor => {
    if (record === 'backward') return sum(chain());
    additions();
    return sum(x);
  };
  return {
    run: record === 'no' ? () => scope(() => void additions()) : () => void valueAndGrad(loss, { x }),
    outcome: () => scope(() => add(x, y)).dataSync() as Float32Array,
  };
}
