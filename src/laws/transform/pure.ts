import type { Params } from '../../tensor/tensor';
import { yesOrNo } from '../finding';
import { cycleOf, gradientsOf, paramsOf, run } from './case';
import { sameBits, type TransformLaw } from './law';
import { firstDifference, readTree } from './tree-leaves';

/** The same inputs give the same outputs, from one instance and from two. */
export const repeatable: TransformLaw = {
  name: 'gives the same answer twice',
  premise: true,
  async find(make, given) {
    const transform = make();
    const params = paramsOf(given);
    const gradients = gradientsOf(given, cycleOf(transform, given));
    const { state } = run(transform, params, gradients);
    const once = run(transform, params, gradients, state);
    const [again, other] = [run(transform, params, gradients, state), run(make(), params, gradients, state)];
    const wrong =
      (await sameBits(transform.init(params), make().init(params), 'init of two instances')) ??
      (await sameBits(once, again, 'the same gradients from the same state, twice')) ??
      (await sameBits(once, other, 'two instances from the same state'));
    return yesOrNo(wrong, 'equal bits');
  },
};

/** Gradients, state and parameters are as they were after a cycle of updates. */
export const harmless: TransformLaw = {
  name: 'leaves its inputs alone',
  premise: true,
  async find(make, given) {
    const transform = make();
    const params = paramsOf(given);
    const cycle = cycleOf(transform, given);
    const { state } = run(transform, params, gradientsOf(given, cycle));
    const inputs = { grads: gradientsOf(given, cycle, 'other'), state, params };
    const before = await readTree(inputs);
    run(transform, params, inputs.grads, state);
    const difference = firstDifference(before, await readTree(inputs));
    return yesOrNo(difference && `an input before and after update: ${difference}`, 'inputs as they were');
  },
};

/** Two runs taken in turns on one instance go as they would alone: nothing is remembered outside the state. */
export const noMemory: TransformLaw = {
  name: 'keeps everything in its state',
  async find(make, given) {
    const transform = make();
    const params = paramsOf(given);
    const runs = ['gradient', 'other'].map((name) => gradientsOf(given, 2 * cycleOf(make(), given), name));
    const alone = runs.map((gradients) => run(make(), params, gradients));
    const inTurns = runs.map(() => ({ outputs: [] as Params[], state: transform.init(params) }));
    for (const step of runs[0]?.keys() ?? []) {
      for (const [i, one] of inTurns.entries()) {
        const [updates, next] = transform.update(runs[i]?.[step] as Params, one.state, params);
        one.outputs.push(updates);
        one.state = next;
      }
    }
    return yesOrNo(
      await sameBits(alone, inTurns, 'two runs, alone and taken in turns'),
      'two runs in turns go as alone',
    );
  },
};
