import type { GradientTransform } from '../../optim/transform';
import { axpby } from '../../tensor/ops/elementwise/axpby';
import type { Params, Tensor } from '../../tensor/tensor';
import { StateMerge } from '../../training/state-merge';
import { yesOrNo } from '../finding';
import { cycleOf, gradientsOf, paramsOf } from './case';
import { sameBits, type TransformLaw } from './law';

/**
 * Where a transform says `leafwise`, leaves passed one at a time from the same state, last ones first and next to other
 * parameters than they will find in truth, give the bits of an update of all of them.
 */
export const leafwise: TransformLaw = {
  name: 'takes leaves one at a time where it says so',
  async find(make, given) {
    const transform = make();
    if (!transform.leafwise) return yesOrNo(null, 'does not say so');
    const params = paramsOf(given);
    const gradients = gradientsOf(given, 2 * cycleOf(transform, given) + 1);
    let state = transform.init(params);
    for (const [step, grads] of gradients.entries()) {
      const whole = transform.update(grads, state, params);
      const parts = inTurns(transform, grads, state, params);
      const what = `step ${step}, all leaves at once and one at a time`;
      const wrong =
        (await sameBits(inOrder(whole[0], params), inOrder(parts[0], params), `the updates of ${what}`)) ??
        (await sameBits(whole[1], parts[1], `the state after ${what}`));
      if (wrong) return yesOrNo(wrong, '');
      state = whole[1];
    }
    return yesOrNo(null, `equal bits over ${gradients.length} gradients`);
  },
};

function inTurns<S>(transform: GradientTransform<S>, grads: Params, state: S, params: Params): [Params, S] {
  const after = new StateMerge(state);
  let updates: Params = {};
  for (const [path, gradient] of Object.entries(grads).reverse()) {
    const others = Object.entries(params).map(([name, x]): [string, Tensor] => [
      name,
      name === path ? x : axpby(-3, x, 1, x),
    ]);
    const [moved, next] = transform.update({ [path]: gradient }, state, Object.fromEntries(others));
    updates = { ...updates, ...moved };
    after.add(next);
  }
  return [updates, after.state];
}

/** The leaves in the order of the parameters, whatever order they came in. */
function inOrder(leaves: Params, params: Params): Params {
  return Object.fromEntries(
    Object.keys(params)
      .filter((path) => Object.hasOwn(leaves, path))
      .map((path) => [path, leaves[path] as Tensor]),
  );
}
