import { full, memory, scope, type Tensor } from 'floragrad';
import type { average } from '../03-scopes';
import { require, requireTensor } from './not-yet';

/** Tensors that an answer may hold in addition, whatever the count: a sum, what is added to it, and what that took. */
const few = 8;

export async function check(exercise: typeof average): Promise<void> {
  const mean = scope(() => exercise((i) => full([2], i).mul(2), 5));
  await requireTensor(mean, {
    given: 'make(i) = [2·i, 2·i] and count = 5',
    numbers: [4, 4],
    shape: [2],
    hint: 'add all five and divide by 5',
  });
  await requireTensor(
    scope(() => exercise((i) => full([1], i + 7), 1)),
    {
      given: 'make(i) = [i + 7] and count = 1',
      numbers: [7],
      shape: [1],
      hint: 'the mean of one tensor is that tensor',
    },
  );

  const count = 60;
  const held: number[] = [];
  const make = (i: number): Tensor => {
    held.push(memory().tensors);
    return full([3], i).add(1).mul(2);
  };
  scope(() => exercise(make, count));
  const most = Math.max(...held) - (held[0] as number);
  require(held.length === count, () => ({
    given: `count = ${count}`,
    expected: `${count} calls of make`,
    got: `${held.length}`,
    hint: 'each tensor is to be made once',
  }));
  require(most <= few, () => ({
    given: `count = ${count}`,
    expected: `at most ${few} tensors more at any later call of make than at the first`,
    got: `${most}`,
    hint:
      most >= 2 * count
        ? 'add each one in a scope of its own, so that what it was made from goes'
        : 'one is left of each: a sum that a scope returns goes to the scope outside, until that ends. Nest, or keep',
  }));
}
