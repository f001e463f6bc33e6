import { yesOrNo } from '../finding';
import { cycleOf, gradientsOf, paramsOf, run } from './case';
import type { TransformLaw } from './law';
import { readTree, structureDifference } from './tree-leaves';

/** Two cycles run through, every call watched, and `explain` speaks of parameters, of each once. */
export const form: TransformLaw = {
  name: 'keeps the form of the contract',
  premise: true,
  async find(make, given) {
    const transform = make();
    const params = paramsOf(given);
    const cycle = cycleOf(transform, given);
    run(transform, params, gradientsOf(given, 2 * cycle));
    const paths = (transform.explain?.(params) ?? []).map((treatment) => treatment.path);
    const stranger = paths.find((path) => !Object.hasOwn(params, path));
    const repeated = paths.find((path, i) => paths.indexOf(path) !== i);
    if (stranger !== undefined) return yesOrNo(`explain speaks of "${stranger}", which is no parameter`, '');
    return yesOrNo(repeated === undefined ? null : `explain speaks of "${repeated}" twice`, `${2 * cycle} gradients`);
  },
};

/** Places and shapes of the state are those of init after any number of gradients, whole cycles or not. */
export const structure: TransformLaw = {
  name: 'keeps the shapes of its state',
  async find(make, given) {
    const transform = make();
    const params = paramsOf(given);
    const gradients = gradientsOf(given, 2 * cycleOf(transform, given) + 1);
    const start = await readTree(transform.init(params));
    let state = transform.init(params);
    for (const [step, grads] of gradients.entries()) {
      state = transform.update(grads, state, params)[1];
      const difference = structureDifference(start, await readTree(state));
      if (difference) return yesOrNo(`state after init and after ${step + 1} gradients: ${difference}`, '');
    }
    return yesOrNo(null, `${start.length} places`);
  },
};
