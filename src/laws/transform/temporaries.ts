import { memory } from '../../tensor/inspect/memory';
import { scope } from '../../tensor/scope';
import { forEachTensor } from '../../tensor/tree';
import { cycleOf, gradientsOf, paramsOf } from './case';
import type { TransformLaw } from './law';

/** After an update, the only new tensors are those of its result (D3 of the design: `transform()` sees to that). */
export const temporaries: TransformLaw = {
  name: 'frees its temporaries',
  async find(make, given) {
    const transform = make();
    const params = paramsOf(given);
    const gradients = gradientsOf(given, cycleOf(transform, given));
    const leftOver = scope(() => {
      let state = transform.init(params);
      return gradients.map((grads) => {
        const before = memory().tensors;
        const result = transform.update(grads, state, params);
        const made = new Set<unknown>();
        forEachTensor(result, (tensor) => made.add(tensor.value));
        forEachTensor([grads, state, params], (tensor) => made.delete(tensor.value));
        state = result[1];
        return memory().tensors - before - made.size;
      });
    });
    const statistic = Math.max(...leftOver);
    const message =
      statistic > 0
        ? `an update leaves ${statistic} tensors behind; wrap the definition in transform(…), which frees them`
        : 'nothing is left behind';
    return { statistic, threshold: 0, message };
  },
};
