import { decodeCheckpoint, encodeCheckpoint } from '../../io/checkpoint';
import { yesOrNo } from '../finding';
import { cycleOf, gradientsOf, paramsOf, run } from './case';
import { sameBits, type TransformLaw } from './law';
import { readTree } from './tree-leaves';

/** Only tensors, numbers, strings, booleans, null, arrays and plain records: what a checkpoint can hold. */
export const plainData: TransformLaw = {
  name: 'has a state of plain data',
  async find(make, given) {
    const transform = make();
    const params = paramsOf(given);
    const { state } = run(transform, params, gradientsOf(given, cycleOf(transform, given)));
    const leaves = [...(await readTree(transform.init(params))), ...(await readTree(state))];
    const odd = leaves.find((leaf) => leaf.odd !== null);
    return yesOrNo(odd ? `state${odd.place} is ${odd.odd}` : null, `${leaves.length} leaves`);
  },
};

/** Saved as the bytes of a checkpoint, loaded and continued by a new instance, a run goes on bit for bit. */
export const resumable: TransformLaw = {
  name: 'goes on from a saved state',
  async find(make, given) {
    const transform = make();
    const params = paramsOf(given);
    const gradients = gradientsOf(given, 2 * cycleOf(transform, given) + 1);
    const stop = given.stop % gradients.length;
    const whole = run(transform, params, gradients);
    const first = run(transform, params, gradients.slice(0, stop));
    const odd = (await readTree(first.state)).find((leaf) => leaf.odd !== null);
    if (odd) return yesOrNo(`state${odd.place} is ${odd.odd}, which a file cannot hold`, '');
    const files = await encodeCheckpoint({ parameters: params, state: first.state, steps: stop });
    const loaded = decodeCheckpoint<typeof first.state>(files);
    const rest = run(make(), loaded.parameters, gradients.slice(stop), loaded.state);
    const wrong = await sameBits(
      { updates: whole.outputs.slice(stop), state: whole.state },
      { updates: rest.outputs, state: rest.state },
      `a run and one saved and loaded after ${stop} of ${gradients.length} gradients`,
    );
    return yesOrNo(wrong, `saved after ${stop} of ${gradients.length} gradients`);
  },
};
