import { type Params, stateBytes, tensor } from 'floragrad';
import type { heavyBall } from '../04-momentum';
import { require, requireTensor } from './not-yet';

export async function check(exercise: typeof heavyBall): Promise<void> {
  const momentum = exercise(0.5);
  const params = { w: tensor([0, 0]), b: tensor([0]) };
  const first = momentum.init(params);
  require(stateBytes(first) === 12, () => ({
    given: 'the parameters w [2] and b [1]',
    expected: 'a state of 12 bytes: one number for each of theirs',
    got: `${stateBytes(first)} bytes`,
    hint: 'init gives zeros of the shape of every parameter, and nothing else is remembered',
  }));

  // 1, 1, 1 with half of the past: 1, 1.5, 1.75. The second step is taken twice from the same state.
  const grads = { w: tensor([1, -10]), b: tensor([4]) };
  const [, second] = momentum.update(grads, first, params);
  const [updates, third] = momentum.update(grads, second, params);
  await isUpdate(updates.w, [1.5, -15], 'β = 0.5 and the gradient (1, −10) twice', 'b ← β·b + g, and the update is b');
  const [again] = momentum.update(grads, second, params);
  await isUpdate(
    again.w,
    [1.5, -15],
    'the second step once more, from the same state',
    'update is pure: keep b in the state that you return, not in a variable outside, and write to no old one',
  );
  const [, fourth] = momentum.update({ b: tensor([4]) }, third, params);
  const [later]: [Params, unknown] = momentum.update({ w: tensor([1, -10]) }, fourth, params);
  await isUpdate(
    later.w,
    [1.75, -17.5],
    'a step without a gradient for w, and one with it',
    'the state after a step without w still has the b of w: spread the new record over the old one',
  );
  require(later.b === undefined, () => ({
    given: 'a step with a gradient for w alone',
    expected: 'no update for b',
    got: 'one',
    hint: 'map over the gradients, not over the state',
  }));
}

async function isUpdate(update: unknown, numbers: readonly number[], given: string, hint: string): Promise<void> {
  await requireTensor(update, { given, numbers, shape: [numbers.length], hint });
}
