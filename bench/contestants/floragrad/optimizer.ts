import { customVjp, type Params, type Tensor, trainer, zeros } from '../../../src';
import type { Arrays, Prepared, Settings, TaskOf } from '../../contestant';
import { optimizerNamed } from './optimizers';
import { arrayOf, resident } from './resident';

/**
 * A trainer's step whose gradients are there already: the loss is 0 and its vjp hands out the given gradients, so that
 * all that remains is the update.
 */
export function optimizer({ shapes }: TaskOf<'optimizer'>, arrays: Arrays, { optimizer: name }: Settings): Prepared {
  const tensors = (kind: string): Tensor[] => shapes.map((_, i) => resident(arrayOf(arrays, `${kind}.${i}`)));
  const [parameters, gradients] = [tensors('parameter'), tensors('gradient')];
  const params: Params = Object.fromEntries(parameters.map((parameter, i) => [`weight.${i}`, parameter]));
  const loss = customVjp<readonly Tensor[], null>({ forward: () => [zeros([]), null], vjp: () => gradients });
  const training = trainer({ params, transform: optimizerNamed(name), loss: () => loss(...parameters), seed: 1 });
  const run = (): void => void training.step(null);
  return {
    run,
    outcome() {
      for (let step = 0; step < 3; step++) run();
      return parameters[0]?.dataSync() as Float32Array;
    },
  };
}
